import { CONCEALED, type Config, type DriftEntry, type OverrideDrift } from '../model/config.ts'
import { valueAt } from '../model/layer.ts'
import { type Path, parsePath, printPath, toSectionKey } from '../model/path.ts'
import { equal, isTree, own, type Tree, type Value } from '../model/value.ts'
import type { OverridePair, SnapshotAnswer } from '../wire/answers.ts'

/** All of a namespace as `config` shows it, every part of it at the same version. */
export async function snapshotOf(
  config: Config,
  { reveal = false }: { readonly reveal?: boolean } = {},
): Promise<SnapshotAnswer> {
  for (;;) {
    const before = config.version
    const overrides = await config.drift()
    const { version } = config
    if (version?.id !== before?.id) continue // a change came between
    const drift = config.detectDrift()
    const hidden = config.toJSON({ reveal: false })
    const shown = reveal ? config.toJSON({ reveal: true }) : hidden
    return {
      version: version ?? null,
      config: shown,
      secrets: secretsIn(hidden, shown),
      overrides: overrides.map((entry) => toPair(entry, drift)),
      sources: config.sources,
    }
  }
}

/** The same of a past version; how its sources fared then is not kept. */
export async function pastSnapshotOf(
  config: Config,
  ref: string,
  { reveal = false }: { readonly reveal?: boolean } = {},
): Promise<SnapshotAnswer> {
  const past = await config.at(ref)
  const version = await config.versions.get(past.version)
  const drift = past.detectDrift()
  const hidden = past.toJSON({ reveal: false })
  const shown = reveal ? past.toJSON({ reveal: true }) : hidden
  const overrides = past.overridden().map((path) => pastPair(path, hidden, drift))
  return { version, config: shown, secrets: secretsIn(hidden, shown), overrides, sources: [] }
}

/** Where a secret stands, or a text that a secret is part of. */
function secretsIn(hidden: Value, shown: Value | undefined, at: Path = []): readonly string[] {
  if (!isTree(hidden)) return hidden === CONCEALED || !equal(hidden, shown) ? [printPath(at)] : []
  return Object.entries(hidden).flatMap(([key, child]) =>
    secretsIn(child, isTree(shown) ? own(shown, key) : undefined, [...at, key]),
  )
}

function pastPair(text: string, hidden: Tree, drift: OverrideDrift): OverridePair {
  const path = parsePath(text)
  const { section, key } = toSectionKey(path)
  const pair = pairIn(drift, section, key)
  const same = valueAt(hidden, path)
  const [base, override] = pair ?? [same, same]
  return {
    path: text,
    section,
    key,
    ...(base !== undefined && { base }),
    ...(override !== undefined && { override }),
    isMask: override === undefined,
    differs: pair !== undefined,
  }
}

function pairIn(drift: OverrideDrift, section: string, key: string) {
  const keys = Object.hasOwn(drift, section) ? drift[section]! : {}
  return Object.hasOwn(keys, key) ? keys[key] : undefined
}

const toPair = (
  { path, section, key, expected, actual, isMask = false }: DriftEntry,
  drift: OverrideDrift,
): OverridePair => ({
  path,
  section,
  key,
  ...(expected !== undefined && { base: expected }),
  ...(actual !== undefined && { override: actual }),
  isMask,
  differs: pairIn(drift, section, key) !== undefined,
})
