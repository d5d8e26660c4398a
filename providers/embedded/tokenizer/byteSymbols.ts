/** The printable stand-ins of bytes in byte-level BPE (Radford et al. 2019, encoder.py, bytes_to_unicode), by byte. */
export const BYTE_SYMBOLS: readonly string[] = (() => {
  const symbols: string[] = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    symbols.push(String.fromCharCode(printable ? byte : next++));
  }
  return symbols;
})();
