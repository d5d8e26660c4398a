import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

const require = createRequire(import.meta.url);
const FONTS = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
const SCALE = 2;
/** DejaVu has Latin, Greek, Cyrillic and signs; hanzi and the like come from the machine's own fonts. */
const BEYOND_DEJAVU = /[\u2e80-\uffff]|[\u{10000}-\u{3ffff}]/u;

/** The figure as PNG on white, two pixels a unit; the same bytes everywhere as long as the texts are in DejaVu's reach. */
export function pngOf(svg: string): Uint8Array {
  const black = svg.replaceAll("currentColor", "#222222").replaceAll("system-ui, sans-serif", "DejaVu Sans");
  const picture = new Resvg(black, {
    background: "white",
    fitTo: { mode: "zoom", value: SCALE },
    font: {
      fontFiles: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(FONTS, name)),
      loadSystemFonts: BEYOND_DEJAVU.test(svg),
      defaultFontFamily: "DejaVu Sans",
    },
  });
  return picture.render().asPng();
}
