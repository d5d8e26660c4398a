/** Breaks a text between words so that no line is longer than `width`; later lines are indented. */
export function wrapText(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : line === indent ? `${line}${word}` : `${line} ${word}`;
    if (longer.length <= width || line === "" || line === indent) {
      line = longer;
    } else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line].join("\n");
}
