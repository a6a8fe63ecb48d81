import { describe, expect, it } from 'vitest'
import { decodeText } from '../../src/format/decode.ts'
import { FORMATS } from '../../src/format/format.ts'
import { formatOf, loadFormat } from '../../src/format/load.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { options, refusal } from './support.ts'

describe('loadFormat', () => {
  it.each(FORMATS)('loads %s by its name', async (name) => {
    expect((await loadFormat(name)).name).toBe(name)
  })
})

describe('formatOf', () => {
  it.each([
    ['config/tacacs.conf', 'ini'],
    ['a.CFG', 'ini'],
    ['a.ini', 'ini'],
    ['a.yml', 'yaml'],
    ['a.b.yaml', 'yaml'],
    ['/x.d/a.toml', 'toml'],
    ['a.json', 'json'],
    ['a.jsonc', 'jsonc'],
    ['a.json5', 'json5'],
    ['.env', 'env'],
    ['x/.env.production', 'env'],
    ['prod.env', 'env'],
    ['a.properties', 'properties'],
    ['a.txt', undefined],
    ['a.constructor', undefined],
    ['conf', undefined],
  ])('tells %s as %s', (file, name) => {
    expect(formatOf(file)).toBe(name)
  })
})

describe('decodeText', () => {
  const bytes = (...all: (string | number[])[]): Uint8Array =>
    Buffer.concat(all.map((one) => Buffer.from(one as string)))

  it('reads UTF-8 and keeps a byte order mark for those who edit', () => {
    expect(decodeText(bytes('é = 日本 😀'), options)).toBe('é = 日本 😀')
    expect(decodeText(bytes([0xef, 0xbb, 0xbf], 'a'), options)).toBe('\ufeffa')
  })

  it('refuses a broken byte at its own line and column, and not the damage that is written out', () => {
    const error = refusal(() => decodeText(bytes('[é]\n\ufffd😀 = ', [0xc3, 0x28]), options))
    expect(error).toMatchObject({ code: 'syntax', details: { file: 'config/test.conf', line: 2, column: 7 } })
  })

  it.each([
    [[0xff, 0xfe, 0x61, 0x00], 'UTF-16'],
    [[0xfe, 0xff, 0x00, 0x61], 'UTF-16'],
    [[0x61, 0x00], 'a NUL byte'],
    [[0xe9], 'not UTF-8'],
    [[0xed, 0xa0, 0x80], 'not UTF-8'],
    [[0xc0, 0xaf], 'not UTF-8'],
  ])('refuses the bytes %j', (some, message) => {
    const error = refusal(() => decodeText(Uint8Array.from(some), options))
    expect(error.code).toBe('syntax')
    expect(error.message).toContain(message)
  })

  it('refuses more bytes than the limit before reading any', () => {
    const limits = { ...LIMITS, sourceBytes: 3 }
    expect(refusal(() => decodeText(bytes('abcd'), { ...options, limits }))).toMatchObject({
      code: 'too-large',
      details: { limit: 'sourceBytes', allowed: 3, found: 4 },
    })
  })
})
