import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Config, HoldfastError } from '../../src/index.ts'
import { fromSectionKey, printPath } from '../../src/model/path.ts'
import { anyPath, anyTree } from '../model/samples.ts'
import { folder, open, write } from './helpers.ts'

type Act =
  | { readonly kind: 'set' | 'unset' | 'mask'; readonly path: readonly string[]; readonly value: unknown }
  | { readonly kind: 'base'; readonly tree: object }

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('set' as const, 'unset' as const, 'mask' as const),
      path: anyPath,
      value: fc.constantFrom<unknown>(1, 'x', null, {}, [1], { a: 1, b: { c: 2 } }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('base' as const), tree: anyTree }) },
)

async function perform(config: Config, directory: string, act: Act): Promise<void> {
  if (act.kind === 'base') {
    write(directory, 'base.json', JSON.stringify(act.tree))
    await config.reload()
  } else if (act.kind === 'set') {
    const set = act.path.reduceRight<unknown>(
      (inner, key) => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(inner)}}`),
      act.value,
    )
    await config.change({ set: act.path.length === 1 ? { '': set } : (set as Record<string, unknown>) })
  } else {
    await config.change({ [act.kind]: [act.path.join('.')] })
  }
}

/** A config on which `acts` were done one after another, each a version where it changed something. */
async function lived(acts: readonly Act[]): Promise<Config> {
  const directory = folder()
  const config = await open(directory, {
    store: ':memory:',
    sources: [write(directory, 'base.json', '{"a":{"b":1}}')],
    follow: false,
  })
  for (const act of acts) await perform(config, directory, act)
  return config
}

const newest = (config: Config): number => config.version!.id

describe('whatever was done', () => {
  it('any version can be restored, older and newer ones, with the hash it had', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAct, { minLength: 2, maxLength: 10 }),
        fc.array(fc.nat(), { minLength: 3, maxLength: 4 }),
        async (acts, picks) => {
          const config = await lived(acts)
          const last = newest(config)
          for (const pick of picks) {
            const past = await config.at((pick % last) + 1)
            await config.versions.restore(past.version)
            expect(config.version?.hash).toBe(past.hash)
            expect(config.toJSON()).toEqual(past.toJSON())
          }
          await config.close()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('the last version can be undone, and that again, each time with the hash there was', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAct, { minLength: 2, maxLength: 8 }), async (acts) => {
        const config = await lived(acts)
        const last = newest(config)
        fc.pre(last > 1)
        const [before, after] = [await config.versions.get(last - 1), await config.versions.get(last)]
        await config.versions.revert(last)
        expect(config.version?.hash).toBe(before.hash)
        if (before.hash !== after.hash) await config.versions.revert('latest')
        expect(config.version?.hash).toBe(after.hash)
        await config.close()
      }),
      { numRuns: 60 },
    )
  })

  it('a version in the middle is undone without touching what came later, or refused as a conflict', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAct, { minLength: 3, maxLength: 8 }), fc.nat(), async (acts, pick) => {
        const config = await lived(acts)
        const undone = (pick % newest(config)) + 1
        fc.pre(undone > 1)
        // Not what differs: an override that says what its base says changes no value, and takes the key with it where the base has gone since.
        const { items } = await config.history({ limit: 1000 })
        const touched = items
          .filter(({ versionId }) => versionId === undone)
          .map((row) => printPath(fromSectionKey(row)))
        const before = await config.at('latest')
        try {
          await config.versions.revert(undone)
        } catch (error) {
          expect(HoldfastError.is(error, 'conflict')).toBe(true)
          expect(config.version?.id).toBe(before.version)
          return
        }
        const moved = (await config.versions.compare(before.version, 'latest')).changes.map(({ path }) => path)
        expect(
          moved.filter(
            (path) => !touched.some((one) => one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`)),
          ),
        ).toEqual([])
        await config.close()
      }),
      { numRuns: 60 },
    )
  })
})
