import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readPlainYaml } from '../../src/cli/plain-yaml.ts'
import { printProject } from '../../src/cli/project-text.ts'

const EXAMPLE = `# what the flags would say
store: data/config_overrides.db
namespaces:
  default:
    sources: [config/tacacs.conf, { env: { prefix: TACACS_ } }]  # last wins
    schema: config/tacacs.schema.json
  'other-one':
    sources:
      - https://config.example.com/base.yaml
      - { file: { path: "a b.ini", pinned: true } }
serve: { heartbeat: 15s, requestBytes: 4MiB } # as people write them
schedules:
  tidy: { cron: '30 3 * * 0', task: purge, olderThan: 90d, keep: 100 }
`

describe('the plain reader of holdfast.yaml', () => {
  it('reads the file of the manual as YAML does, and knows where each key stands', () => {
    const read = readPlainYaml(EXAMPLE)
    expect(read?.tree).toEqual(parse(EXAMPLE))
    expect(read?.positions.get('namespaces.default.schema')).toEqual({ line: 6, column: 5 })
  })

  it('reads whatever init writes', () => {
    const path = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...'ab/._- :#\'"yn1~{[,&*!|>%@=é\\') })
    fc.assert(
      fc.property(path, path, fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/), (store, source, namespace) => {
        fc.pre(store.trim() !== '' && source.trim() !== '')
        const text = printProject(store, namespace, { sources: [{ kind: 'file', path: source }], schema: source })
        const expected = parse(text)
        expect(expected).toMatchObject({ store, namespaces: { [namespace]: { schema: source } } })
        const read = readPlainYaml(text)
        if (read !== undefined) expect(read.tree).toEqual(expected)
      }),
    )
  })

  it('agrees with the real parser on any text, or leaves it to that', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b: ',
        'store: ',
        '\n',
        '\n  ',
        '\n    ',
        '- ',
        '[',
        ']',
        '{ ',
        ' }',
        ', ',
        ': ',
        '"x"',
        "'y'",
        '#',
        ' # c',
      ],
      ...[
        '1',
        '-2',
        '1.5',
        '0x1',
        '1_0',
        '15s',
        '4MiB',
        'true',
        'yes',
        'null',
        '~',
        '&a',
        '*a',
        '!t',
        '|',
        '>',
        '%',
        '@',
        '`',
        '?',
        'x/y',
        './z',
        '---',
        '<<: ',
      ],
      ...[
        'a b',
        'http://h:1',
        ':',
        ' ',
        '\t',
        '"',
        "'",
        '\\',
        '2026-01-01',
        '.5',
        '.inf',
        '..',
        '=',
        '__proto__: ',
        'é',
      ],
    )
    let agreed = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = `k: ${pieces.join('')}\n`
        const read = readPlainYaml(text)
        if (read === undefined) return
        agreed++
        expect(read.tree).toEqual(parse(text, { version: '1.2' }))
        expect(JSON.stringify(read.tree)).toBe(JSON.stringify(parse(text)))
      }),
      { numRuns: 5000 },
    )
    expect(agreed).toBeGreaterThan(100)
  })

  it.each([
    ['an anchor', 'a: &x 1\nb: *x\n'],
    ['a text over several lines', 'a: |\n  x\n'],
    ['a tab', 'a:\tb\n'],
    ['a second document', '---\na: b\n'],
    ['a key twice', 'a: 1\na: 2\n'],
    ['a reserved name', '__proto__: x\n'],
    ['a dangling key', 'a:\n'],
  ])('leaves %s to the real parser', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined()
  })
})
