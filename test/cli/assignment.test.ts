import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readAssignments, splitAssignment } from '../../src/cli/assignment.ts'
import { Workspace } from './harness.ts'

const io = (folder: string, input = '') => ({
  stdout: { write: () => {} },
  stderr: { write: () => {} },
  stdin: Readable.from(input === '' ? [] : [input]),
  env: {},
  cwd: folder,
  interrupt: () => new AbortController().signal,
  onReload: () => () => undefined,
  ask: async () => '',
})

const read = async (word: string, type?: string, input = '') =>
  (await readAssignments([word], type, io('/', input)))[0]!.value

describe('PATH=VALUE', () => {
  it('is cut at the first = outside the quotes of the path', () => {
    expect(splitAssignment('a.b=c=d')).toEqual({ path: 'a.b', text: 'c=d' })
    expect(splitAssignment('a."x=y".c=1')).toEqual({ path: 'a."x=y".c', text: '1' })
    expect(splitAssignment(`a.'x="y'.c="1"`)).toEqual({ path: `a.'x="y'.c`, text: '"1"' })
    expect(splitAssignment('a."q\\"=".c=')).toEqual({ path: 'a."q\\"=".c', text: '' })
  })

  it.each(['a.b', '=x', 'a."x=y', ''])('is refused where it has no path or no =: %j', (word) => {
    expect(() => splitAssignment(word)).toThrow(/sets nothing/)
  })

  it('takes a value from standard input or a file, without the end of its last line', async () => {
    const workspace = new Workspace({ 'pw.txt': 'hunter2\r\n', 'bad.bin': '' })
    expect(await read('a.b=@-', undefined, 'secret\n')).toBe('secret')
    const [fromFile] = await readAssignments(['a.b=@pw.txt'], undefined, io(workspace.root))
    expect(fromFile?.value).toBe('hunter2')
    expect(await read('a.b=@@home')).toBe('@home')
    await expect(read('a.b=@nowhere')).rejects.toThrow(/cannot be read.*\n.*@@nowhere/)
    await expect(readAssignments(['a=@-', 'b=@-'], undefined, io('/', 'x'))).rejects.toThrow(/only one value/)
    workspace.remove()
  })

  it('reads a value as the type that --type says, or refuses it', async () => {
    expect(await read('a.b=007', 'string')).toBe('007')
    expect(await read('a.b=5050', 'integer')).toBe(5050)
    expect(await read('a.b=5e-1', 'float')).toBe(0.5)
    expect(await read('a.b=true', 'boolean')).toBe(true)
    expect(await read('a.b={"x":[1]}', 'json')).toEqual({ x: [1] })
    expect(await read('a.b=x, y', 'list')).toEqual(['x', 'y'])
    expect(await read('a.b=[1,2]', 'list')).toEqual([1, 2])
    expect(await read('a.b=', 'null')).toBeNull()
    for (const [word, type] of [
      ['a=1.5', 'integer'],
      ['a=9007199254740993', 'integer'],
      ['a=yes', 'boolean'],
      ['a={', 'json'],
      ['a=x', 'null'],
    ] as const) {
      await expect(read(word, type)).rejects.toThrow(/not of type/)
    }
  })
})
