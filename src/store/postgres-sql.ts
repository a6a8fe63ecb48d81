/** A statement with `?` for its values, as both databases' statements are written here, in PostgreSQL's own form. No text in it has a `?`. */
export function numbered(sql: string): string {
  let known = KNOWN.get(sql)
  if (known === undefined) {
    let n = 0
    known = sql.replace(/\?/g, () => `$${++n}`)
    if (KNOWN.size >= MOST) KNOWN.clear()
    KNOWN.set(sql, known)
  }
  return known
}

const KNOWN = new Map<string, string>()
const MOST = 1000
