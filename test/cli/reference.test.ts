import { describe, expect, it } from 'vitest'
import { COMMANDS, GLOBALS } from '../../src/cli/commands.ts'
import { widthOf } from '../../src/cli/text.ts'
import { Workspace } from './harness.ts'
import { reference } from './reference.ts'

describe('what is written about the commands', () => {
  it('is docs/CLI.md, word for word', async () => {
    await expect(reference()).toMatchFileSnapshot('../../docs/CLI.md')
  })

  it('has two to four examples for each, which fit the page and use flags that exist', async () => {
    for (const { name, examples, options, isHidden } of COMMANDS) {
      if (isHidden) continue
      expect(examples.length, name).toBeGreaterThanOrEqual(2)
      expect(examples.length, name).toBeLessThanOrEqual(4)
      const flags = examples.flatMap(([typed]) => [...typed.matchAll(/(?<= )--?([a-z-]+)/g)].map((found) => found[1]))
      const known = [...options, ...GLOBALS].flatMap((option) => [option.name, option.short])
      for (const flag of flags) expect(known, `${name}: ${flag}`).toContain(flag)
    }
  })

  it('fits in 80 columns on every page of help', async () => {
    const at = new Workspace()
    const pages = [
      await at.run('--help'),
      await at.run([]),
      ...(await Promise.all(COMMANDS.map(({ name }) => at.run(`help ${name}`)))),
    ]
    for (const { status, out, err } of pages) {
      expect({ status, err }).toEqual({ status: 0, err: '' })
      for (const line of out.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(80)
    }
    expect((await at.run('set --help')).out).toBe((await at.run('help set')).out)
    at.remove()
  })

  it('loads a module for each command', async () => {
    for (const { load, name } of COMMANDS) expect((await load()).run, name).toBeTypeOf('function')
  })
})
