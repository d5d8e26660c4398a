/** A suite file as YAML: its value, and where in the file each key stands. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLWarning,
} from "yaml";
import { ExpectedError } from "../errors.ts";
import { type KeyPath, keyText } from "./schemaProblems.ts";

export class SuiteDocument {
  readonly path: string;
  /** Plain data, not yet validated. */
  readonly value: unknown;
  private readonly document: Document.Parsed;
  private readonly lines = new LineCounter();

  /** @throws ExpectedError `suite-yaml`: syntax, keys given twice, unknown tags, anchors that contain themselves. */
  constructor(path: string, text: string) {
    this.path = path;
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    this.refuse([...this.document.errors, ...this.document.warnings]);
    visit(this.document, {
      Alias: (_, alias) => {
        const at = alias.range?.[0] ?? 0;
        const target = alias.resolve(this.document)?.range;
        if (!target) this.fail(`no anchor &${alias.source} stands before the alias *${alias.source}`, at);
        if (at >= target[0] && at < target[2])
          this.fail(`the alias *${alias.source} stands inside what it repeats`, at);
      },
    });
    try {
      this.value = this.document.toJS();
    } catch (cause) {
      // Aliases of aliases that would multiply without bound.
      if (!(cause instanceof ReferenceError)) throw cause;
      throw new ExpectedError({
        code: "suite-yaml",
        message: `cannot resolve aliases: ${cause.message}`,
        where: path,
        hint: "use fewer aliases",
        cause,
      });
    }
  }

  /** `file:line:column (key)` of a key or list entry, or of the nearest of its ancestors that is in the file. */
  locate(key: KeyPath): string {
    const { line, col } = this.lines.linePos(this.offset(key));
    return `${this.path}:${line}:${col}${key.length === 0 ? "" : ` (${keyText(key)})`}`;
  }

  /** `file:line`. */
  locateLine(key: KeyPath): string {
    return `${this.path}:${this.lines.linePos(this.offset(key)).line}`;
  }

  /** Characters from the start of the text; aliases lead to what they repeat. */
  offset(path: KeyPath): number {
    let node: Node | null = this.document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(this.document) ?? null;
      let next: unknown;
      if (isMap(node)) {
        const pair: Pair | undefined = node.items.find(
          (one) => (isScalar(one.key) ? String(one.key.value) : "") === String(key),
        );
        if (pair === undefined) break;
        offset = (pair.key as Node).range?.[0] ?? offset;
        next = pair.value;
      } else if (isSeq(node)) {
        next = node.items[Number(key)];
        if (next === undefined) break;
        offset = (next as Node).range?.[0] ?? offset;
      } else break;
      node = next as Node | null;
    }
    return offset;
  }

  private refuse(errors: readonly (YAMLParseError | YAMLWarning)[]): void {
    const [first, ...more] = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (first === undefined) return;
    this.fail(
      `not valid YAML: ${first.message}${more.length === 0 ? "" : ` (and ${more.length} more)`}`,
      first.pos[0],
      first,
    );
  }

  private fail(message: string, offset: number, cause?: unknown): never {
    const { line, col } = this.lines.linePos(offset);
    throw new ExpectedError({
      code: "suite-yaml",
      message,
      where: `${this.path}:${line}:${col}`,
      hint: "texts that contain `: `, `#` or braces belong in quotes",
      cause,
    });
  }
}
