import { afterAll, describe, expect, it } from 'vitest'
import { Workspace } from './harness.ts'

const at = new Workspace()
afterAll(() => at.remove())

describe('wrong usage', () => {
  it.each([
    ['sett a=1', 'there is no command "sett". Did you mean set?'],
    ['xyzzy', 'there is no command "xyzzy".'],
    ['set a=1 --reson x', 'holdfast set has no flag --reson. Did you mean --reason?'],
    ['get -x', 'holdfast get has no flag -x.'],
    ['set', 'holdfast set needs PATH=VALUE.'],
    ['set a', '"a" sets nothing.'],
    ['get a b', 'holdfast get does not take "b".'],
    ['drift --kind overide', '--kind: "overide" is not one of its values. Did you mean override?'],
    ['history --limit many', '--limit: "many" is not a whole number.'],
    ['set a=1 --reason', '--reason needs a value.'],
    ['set a=1 --reason --dry-run', '--reason needs a value.'],
    ['get --json=yes', '--json takes no value.'],
    ['get --at 1 --at 2', '--at is given twice.'],
    ['history --since yesterday', '--since: "yesterday" is not a time.'],
    ['purge', 'holdfast purge needs --older-than.'],
    ['purge --older-than 3fortnights', '--older-than: "3fortnights" is not a time.'],
    ['backup', 'holdfast backup does one thing with one file.'],
    ['backup a --verify b', 'holdfast backup does one thing with one file.'],
    ['namespace rename x', 'ACTION: "rename" is not one of its values.'],
    ['namespace create', 'holdfast namespace create needs a name.'],
    ['completion tcsh', 'SHELL: "tcsh" is not one of its values.'],
    ['get -n Prod', 'not a namespace: "Prod"'],
    ['get a..b', 'not a path: "a..b"'],
  ])('of "holdfast %s" is refused with status 64, saying what is wrong and how to mend it', async (argv, message) => {
    const { status, out, err } = await at.run(argv)
    expect(err).toContain(`holdfast: ${message}`)
    expect({ status, out }).toEqual({ status: 64, out: '' })
    expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
  })

  it('is told as JSON on standard error where --json is said', async () => {
    const { status, out, err } = await at.run('get a..b --json')
    expect({ status, out }).toEqual({ status: 64, out: '' })
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'malformed', details: { what: 'a..b' } } })
  })

  it('takes flags before the command as well as after it', async () => {
    expect(await at.run('--json --version')).toMatchObject({ status: 0, out: expect.stringContaining('"version"') })
    expect(await at.run('--no-color help get')).toMatchObject({
      status: 0,
      out: expect.stringContaining('holdfast get'),
    })
    expect(await at.run(['-n', 'default', 'get'])).toMatchObject({ status: 5, err: expect.stringContaining('store') })
  })

  it('takes a word that begins with a dash after --', async () => {
    const { status, err } = await at.run(['get', '--', '--help'])
    expect({ status, err }).toMatchObject({ status: 5 })
  })
})
