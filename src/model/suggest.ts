const MOST_LETTERS = 64
const MOST_CANDIDATES = 2_000

/** The candidate that `word` is most likely a slip of: at most a third of its letters differ, and at most two. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MOST_LETTERS) return undefined
  const allowed = Math.min(2, Math.max(1, Math.floor(word.length / 3)))
  let best: string | undefined
  let nearest = allowed + 1
  let seen = 0
  for (const candidate of candidates) {
    if (++seen > MOST_CANDIDATES) break
    if (candidate === word || Math.abs(candidate.length - word.length) >= nearest) continue
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase())
    if (distance < nearest) [best, nearest] = [candidate, distance]
  }
  return best
}

/** Insertions, deletions, substitutions and swaps of neighbours between `a` and `b` (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? beforeLast[j - 2]! + 1 : Number.POSITIVE_INFINITY
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost, swapped)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
