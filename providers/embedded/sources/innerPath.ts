/**
 * Whether a name that came from outside stays inside the folder it is looked up in, on every platform: parts
 * divided by `/`, none empty, `.`, `..` or longer than file systems take, and no character that some platform gives a meaning of its own.
 */
export function isInnerPath(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (name.length > 400 || /[\\:\x00-\x1f\x7f]/.test(name)) return false;
  return name.split("/").every((part) => !["", ".", ".."].includes(part) && Buffer.byteLength(part) <= 255);
}
