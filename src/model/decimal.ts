/** A numeral in one form, `0.` digits and a power of ten, so that two numerals of the same number are the same text. */
export function printDecimal(numeral: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(numeral)
  if (!match) return numeral
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  if (digits === '') return '0'
  const power = Number(exponent) + whole.length - (all.length - digits.length)
  return `${sign === '-' ? '-' : ''}${withoutEndZeros(digits)}e${power}`
}

function withoutEndZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return digits.slice(0, end)
}
