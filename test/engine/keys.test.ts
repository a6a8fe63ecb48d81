import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newKey, printKeys, withKey, withoutKeys } from '../../src/engine/key-text.ts'
import { parseKeys, toKey } from '../../src/engine/keys.ts'

const AT = new Date('2026-11-28T07:00:00.000Z')
const [one, two, three] = [1, 2, 3].map((n) => toKey(Buffer.alloc(32, n), null)) as [Key, Key, Key]
type Key = ReturnType<typeof toKey>
const ids = (text: string): readonly string[] => parseKeys(text, 'it').map(({ id }) => id)

describe('the text of a key file', () => {
  it('holds keys as base64, base64url or hex, on lines or between commas, and remarks', () => {
    const text = `# ours\r\n${one.bytes.toString('hex')}, ${two.bytes.toString('base64')} # old ones\r\n\r\n${three.bytes.toString('base64url')}\n`
    expect(parseKeys(text, 'it')).toEqual([one, two, three])
    expect(ids(`${text}${one.bytes.toString('base64')}`)).toEqual([one.id, two.id, three.id])
  })

  it('is refused where it holds no key, or something else, in words that hold none of it', () => {
    const bad = randomBytes(31).toString('base64')
    for (const text of ['', '# nothing', bad, `${one.bytes.toString('hex')} ${bad}`]) {
      expect(() => parseKeys(text, 'it')).toThrow(expect.objectContaining({ code: 'key' }))
      expect(() => parseKeys(text, 'it')).not.toThrow(bad)
    }
  })

  it('gets a new key before all others, with its name and when it was made, and stays as it was', () => {
    const text = `# ours\n\n# the first one\n${one.bytes.toString('hex')}  # mine\n`
    const key = newKey(AT)
    const changed = withKey(text, key)
    const line = `${key.bytes.toString('base64url')}  # ${key.id}, made 2026-11-28T07:00:00.000Z\n`
    expect(changed).toBe(text.replace(one.bytes.toString('hex'), `${line}${one.bytes.toString('hex')}`))
    expect(parseKeys(changed, 'it')).toEqual([key, one])
  })

  it('loses the keys it should, and nothing else', () => {
    const hex = (key: Key): string => key.bytes.toString('hex')
    const text = `# ours\n${hex(one)}  # made once\n${hex(two)},${hex(three)} # both\n# the end\n`
    expect(withoutKeys(text, new Set())).toBe(text)
    expect(withoutKeys(text, new Set([one.id]))).toBe(`# ours\n${hex(two)},${hex(three)} # both\n# the end\n`)
    expect(withoutKeys(text, new Set([two.id]))).toBe(
      `# ours\n${hex(one)}  # made once\n${hex(three)}  # both\n# the end\n`,
    )
    expect(withoutKeys(text, new Set([two.id, three.id]))).toBe(`# ours\n${hex(one)}  # made once\n# the end\n`)
  })

  it('is read as it is written', () => {
    const keys = [newKey(AT), one]
    expect(parseKeys(printKeys(keys), 'it')).toEqual(keys)
  })
})
