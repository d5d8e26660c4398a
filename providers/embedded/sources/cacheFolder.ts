import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * Where Isoglyph keeps what it can fetch or compute again: `models/`, `prepared/`, `answers/`. It is
 * `$ISOGLYPH_CACHE`, else `isoglyph` in the platform's cache folder. An absolute path; nothing is created.
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env.ISOGLYPH_CACHE) return resolve(env.ISOGLYPH_CACHE);
  if (platform === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "isoglyph");
  if (platform === "darwin") return join(home, "Library", "Caches", "isoglyph");
  // The XDG base directory specification: a relative path is invalid and has to be ignored.
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, ".cache"), "isoglyph");
}
