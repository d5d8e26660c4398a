/** A number for a reader: two decimals, a true minus sign, and no negative zero. Files take String(value) instead. */
export function readableNumber(value: number): string {
  const text = Math.abs(value) < 1000 ? value.toFixed(2) : value.toExponential(1);
  return Number(text) === 0 ? "0.00" : text.replaceAll("-", "−");
}
