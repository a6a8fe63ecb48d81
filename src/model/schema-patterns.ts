/**
 * True for a regular expression that the built-in engine answers quickly on a key: no groups, no back-references, and so few
 * repetitions that its work is at most the square of 255 characters.
 */
export function isPlainPattern(pattern: string): boolean {
  if (pattern.length > 255 || /[(|]|\\[1-9kpPbB]/.test(pattern.replaceAll('\\(', '').replaceAll('\\|', '')))
    return false
  const outsideClasses = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  const repetitions = (outsideClasses.match(/[*+{?]/g) ?? []).length
  return repetitions <= (pattern.startsWith('^') ? 2 : 1)
}

/** Tests plain patterns with the built-in engine and takes others as matching, which is the careful answer for secrets. */
export function plainMatcher(pattern: string): (text: string) => boolean {
  if (!isPlainPattern(pattern)) return () => true
  try {
    const expression = new RegExp(pattern, 'u')
    return (text) => expression.test(text)
  } catch {
    return () => true
  }
}
