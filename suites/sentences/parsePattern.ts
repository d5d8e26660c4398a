/** A sentence pattern as a tree; the notation is described in frames.ts. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "slot"; readonly category: string; readonly plural: boolean }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] };

/** Throws SyntaxError for a pattern that is not well formed. */
export function parsePattern(pattern: string): Node {
  const tokens = pattern.match(/\{[^{}]*\}|[[\]|]|[^{}[\]|]+/g) ?? [];
  if (tokens.join("") !== pattern) throw new SyntaxError(`a brace stands alone in ${JSON.stringify(pattern)}`);
  let at = 0;
  const sequence = (depth: number): Node => {
    const parts: Node[] = [];
    for (; at < tokens.length; at++) {
      const token = tokens[at] as string;
      if (token === "]" || token === "|") {
        if (depth === 0) throw new SyntaxError(`${token} stands outside [ ] in ${JSON.stringify(pattern)}`);
        break;
      }
      parts.push(token === "[" ? choice(depth) : token.startsWith("{") ? slot(token) : { kind: "text", text: token });
    }
    return { kind: "sequence", parts };
  };
  const choice = (depth: number): Node => {
    const options: Node[] = [];
    do {
      at++;
      options.push(sequence(depth + 1));
    } while (tokens[at] === "|");
    if (tokens[at] !== "]") throw new SyntaxError(`[ is not closed in ${JSON.stringify(pattern)}`);
    return { kind: "choice", options };
  };
  return sequence(0);
}

function slot(token: string): Node {
  const [, category = "", s] = /^\{([a-z]+)(\.s)?\}$/.exec(token) ?? [];
  if (category === "") throw new SyntaxError(`${token} is no slot`);
  return { kind: "slot", category, plural: s !== undefined };
}
