import { existsSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Config, storeName } from '../../model/config.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Version } from '../../model/version.ts'
import type { Call, Run } from '../command.ts'
import { defined } from '../flags.ts'
import { loadProject, noProject, PROJECT_FILE, type Project } from '../project.ts'
import { printProject, withNamespace } from '../project-text.ts'
import { versionName } from '../result.ts'
import { readStoreTarget, type StoreTarget } from '../target.ts'

export const run: Run = async (call) => {
  const { io, print } = call
  const file = join(io.cwd, PROJECT_FILE)
  const project = existsSync(file) ? await loadProject(file) : noProject(file, io.cwd)
  const target = await readStoreTarget(call, 'holdfast init makes a store', project)
  refuseOther(call, project, target)
  const { openConfig } = await import('../../engine/open.ts')
  await using config = await openConfig({ ...target.options, create: true })
  const version = await takeBaseline(config, call)
  const written = await writeProject(file, project, target)
  if (print.json) print.document({ namespace: config.namespace, version: versionName(version) })
  else print.lines(story(config, version, target, written))
  return undefined
}

/** A file that says otherwise is the user's to edit: two truths about one namespace would be one too many. */
function refuseOther({ flags }: Call, project: Project, { namespace }: StoreTarget): void {
  const says = ['source', 'schema', 'store'].find((flag) => flags.has(flag))
  if (says === undefined || !project.namespaces.has(namespace)) return
  const message = `${project.file} already describes the namespace ${namespace}.\nEdit it there, or leave out --${says}.`
  throw new HoldfastError('exists', message, { what: namespace })
}

/** The first version is what is meant; a namespace that has a baseline keeps it. */
async function takeBaseline({ version, versions }: Config, { flags }: Call): Promise<Version> {
  const by = defined({ actor: flags.text('actor') })
  if (version === undefined) return versions.create({ ...by, description: 'first version', baseline: true })
  try {
    await versions.get('baseline')
    return version
  } catch (error) {
    if (!HoldfastError.is(error, 'not-found')) throw error
    return versions.baseline(version.id, by)
  }
}

async function writeProject(file: string, project: Project, target: StoreTarget): Promise<boolean> {
  if (project.namespaces.has(target.namespace)) return false
  const { directory = '.', store = '', sources = [], schema } = target.options
  const settings = { sources, schema: schema as string | undefined }
  const shownStore =
    store.startsWith('/') && !relative(directory, store).startsWith('..')
      ? relative(directory, store)
      : storeName(store)
  if (existsSync(file)) await withNamespace(file, target.namespace, settings)
  else writeFileSync(file, printProject(shownStore, target.namespace, settings), { flag: 'wx' })
  return true
}

function story(config: Config, version: Version, { options }: StoreTarget, written: boolean): string[] {
  const keys = config.sections().length
  const { store = '' } = options
  const isSecretive = storeName(store) !== store
  return [
    ...(written ? [`Wrote ${PROJECT_FILE}.`] : []),
    ...(written && isSecretive ? ['The password does not stand in it: give it in PGPASSWORD, or in ~/.pgpass.'] : []),
    `Namespace ${config.namespace} in ${storeName(store)}: version ${version.id}${version.isBaseline ? ', the baseline' : ''}, with ${keys} sections.`,
    'Next: holdfast get, holdfast set PATH=VALUE, holdfast drift',
  ]
}
