import { describe, expect, it } from 'vitest'
import type { SourceSpec } from '../../src/model/layer.ts'
import { env, file, inline, openSource, parseSpec, printSpec, toSpec, url } from '../../src/source/open.ts'
import { options } from './helpers.ts'

const refusal = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    expect(error).toMatchObject({ name: 'HoldfastError', code: 'malformed' })
    return (error as Error).message
  }
  throw new Error('it was not refused')
}

describe('a source in words', () => {
  it('reads every form that holdfast.yaml may use', () => {
    expect(parseSpec('config/tacacs.conf')).toEqual({ kind: 'file', path: 'config/tacacs.conf' })
    expect(parseSpec('https://example.com/a.yaml')).toEqual({ kind: 'url', url: 'https://example.com/a.yaml' })
    expect(parseSpec({ env: { prefix: 'TACACS_' } })).toEqual({ kind: 'env', prefix: 'TACACS_' })
    expect(parseSpec({ file: { path: 'a', format: 'ini', pinned: true, interpolate: true } })).toEqual(
      file('a', { format: 'ini', pinned: true, interpolate: true }),
    )
    expect(parseSpec({ url: { url: 'https://example.com/a', timeoutMs: 500 } })).toEqual(
      url('https://example.com/a', { timeoutMs: 500 }),
    )
    expect(parseSpec({ inline: { name: 'site', values: { a: { b: 1 } } } })).toEqual(inline('site', { a: { b: 1 } }))
  })

  it('prints each spec in a form that reads back as the same', () => {
    const specs: SourceSpec[] = [
      file('a.ini'),
      file('a', { format: 'toml' }),
      file('env:odd'),
      env({ prefix: 'A_', separator: '.', pinned: true }),
      url('https://example.com/a?b=c'),
      url('https://example.com/', { headers: { authorization: { env: 'TOKEN' } }, allowHosts: ['example.com'] }),
      inline('site', { a: [1, { b: null }] }),
    ]
    for (const spec of specs) expect(parseSpec(printSpec(spec))).toEqual(spec)
    expect(printSpec(file('a.ini'))).toBe('a.ini')
  })

  it('takes the name of an environment layer as that source', () => {
    expect(toSpec('env:TACACS_')).toEqual(env({ prefix: 'TACACS_' }))
  })

  it('returns specs that are frozen and do not follow what they were made from', () => {
    const values = { a: { b: 1 } }
    const spec = inline('site', values)
    values.a.b = 2
    expect(spec.values).toEqual({ a: { b: 1 } })
    expect(Object.isFrozen(spec) && Object.isFrozen(spec.values['a'])).toBe(true)
    expect(Object.isFrozen(values)).toBe(false)
  })

  it('checks a spec that was written by hand like any other', () => {
    expect(refusal(() => toSpec({ kind: 'env', prefix: '' }))).toContain('whole environment')
    expect(refusal(() => toSpec({ kind: 'ftp' } as unknown as SourceSpec))).toContain('a source is a path')
  })

  it('opens without touching what it names', () => {
    expect(openSource(file('/no/such/file.ini'), options())).toMatchObject({ name: '/no/such/file.ini' })
    expect(openSource(env({ prefix: 'A_' }), options()).watch).toBeUndefined()
  })

  it.each([
    [{ env: { prefx: 'A_' } }, 'env has no option "prefx"; did you mean prefix?'],
    [{ url: { url: 'https://a.example/', refresh_ms: 5 } }, 'did you mean refreshMs?'],
    [{ file: { path: 'a', colour: 1 } }, 'it has path, format, pinned, interpolate'],
    [{ flie: { path: 'a' } }, 'did you mean file?'],
    [{ env: 'A_' }, 'env takes a mapping: { env: { prefix: TACACS_ } }'],
    [{ env: {} }, 'env lacks prefix'],
    [{ env: { prefix: '' } }, 'whole environment'],
    [{ env: { prefix: 'A B' } }, 'neither spaces'],
    [{ env: { prefix: 'A_', separator: '' } }, 'env.separator is empty'],
    [{ file: { path: '' } }, 'file.path is empty'],
    [{ file: { path: 'a\0b' } }, 'control character'],
    [{ file: { path: 'a', format: 'xml' } }, 'one of ini, yaml'],
    [{ file: { path: 'a', pinned: 'yes' } }, 'true or false'],
    [{ file: { path: 'a' }, env: { prefix: 'A_' } }, 'file and env: one mapping for each source'],
    [{ inline: { name: 'a', values: [1] } }, 'inline.values is a mapping'],
    [{ ['__proto__']: {} }, '"__proto__" is no kind of source'],
    [{ env: { prefix: 'A_', ['__proto__']: 1 } }, 'env has no option "__proto__"'],
    [{}, 'an empty mapping'],
    [null, 'found nothing'],
    [7, 'found a number'],
    [['a'], 'found a list'],
    ['', 'file.path is empty'],
    ['ftp://example.com/a', 'https only'],
    ['http://example.com/a', 'https only'],
    ['file:///etc/a.ini', 'without file://'],
    ['https://', 'not a URL'],
    [{ url: { url: 'https://a.example/', sha256: 'abc' } }, '64 hex digits'],
    [{ url: { url: 'https://a.example/', refreshMs: 10 } }, 'from 1000'],
    [{ url: { url: 'https://a.example/', timeoutMs: 1.5 } }, 'whole number of milliseconds'],
    [{ url: { url: 'https://a.example/', headers: { authorization: 'Bearer xyz' } } }, '{ env: NAME }'],
    [{ url: { url: 'https://a.example/', headers: { Host: { env: 'A' } } } }, 'set by Holdfast itself'],
    [{ url: { url: 'https://a.example/', headers: { 'a b': { env: 'A' } } } }, 'not the name of a header'],
    [{ url: { url: 'https://a.example/', headers: { A: { env: 'A' }, a: { env: 'B' } } } }, 'one name twice'],
    [{ url: { url: 'https://a.example/', allowHosts: ['*.internal'] } }, 'exact host names'],
    [{ url: { url: 'https://a.example/', allowHosts: ['internal:8443'] } }, 'without a port'],
    [{ url: { url: 'https://a.example/', allowHosts: 'internal' } }, 'a list of host names'],
  ])('refuses %j and says how to mend it', (input, words) => {
    expect(refusal(() => parseSpec(input))).toContain(words)
  })

  it('never repeats a password, a query or a header value in a refusal', () => {
    const secret = 's3cr3t'
    const inputs = [
      `https://user:${secret}@example.com/a`,
      `https://${secret}@example.com/a`,
      `http://user:${secret}@example.com/a?x=${secret}`,
      `http://example.com/a?token=${secret}#${secret}`,
      `https://user:${secret}@exa mple.com/a?token=${secret}`,
      { url: { url: 'https://a.example/', headers: { authorization: secret } } },
    ]
    for (const input of inputs) expect(refusal(() => parseSpec(input))).not.toContain(secret)
  })

  it('refuses values that hold themselves', () => {
    const values: Record<string, unknown> = {}
    values['self'] = values
    expect(() => inline('site', values as never)).toThrow(/nesting/)
  })

  it('keeps the host names to allow as a parsed URL spells them', () => {
    const hosts = url('https://a.example/', {
      allowHosts: ['Config.Internal.', '0x7f.1', 'fd00::1', '[FD00:0::2]'],
    }).allowHosts
    expect(hosts).toEqual(['config.internal', '127.0.0.1', 'fd00::1', 'fd00::2'])
  })
})
