import fc from "fast-check";

type Item = readonly [value: number, cluster: string];

const cluster = fc.constantFrom("a", "b", "c", "d", "e", "f");

/** Whole values, so that no variance comes from rounding, in up to six clusters. */
export const wholeItems = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), cluster), {
  minLength: 1,
  maxLength: 20,
});

/** Any finite values, the largest, the smallest and equal ones more often than chance has them. */
export const extremeItems = fc.array(
  fc.tuple(
    fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(5e-324, -5e-324, 1.7e308, -1.7e308, 0, 1, 1, 1, 0.1, 0.1),
    ),
    cluster,
  ),
  { maxLength: 14 },
);

/** Values and clusters apart. */
export function split(items: readonly Item[]): [number[], string[]] {
  return [items.map(([value]) => value), items.map(([, name]) => name)];
}

/** Every number inside a result, however deep. */
export function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbersIn);
}
