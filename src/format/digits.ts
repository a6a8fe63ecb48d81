/** True for an integer written out whose digits a double does not give back. */
export function losesDigits(text: string, value: number): boolean {
  const digits = text.replace(/^[+-]/, '')
  if (!/^(?:\d+|0[xX][0-9a-fA-F]+|0o[0-7]+)$/.test(digits)) return false
  if (String(Math.abs(value)) === digits) return false
  return digits.length > 400 || BigInt(digits) !== BigInt(Math.abs(value))
}
