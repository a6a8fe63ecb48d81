import type { Admin } from '../../model/admin.ts'
import { HoldfastError } from '../../model/errors.ts'
import { checkNamespace } from '../../model/version.ts'
import type { Call, Run } from '../command.ts'
import { confirm } from '../confirm.ts'
import { defined } from '../flags.ts'
import { openStore } from '../open.ts'
import { refuse } from '../refuse.ts'
import { table } from '../table.ts'
import { count } from '../text.ts'
import { stamp } from '../time.ts'

export const run: Run = async (call) => {
  const [action, name] = call.operands
  if (action === 'list' && name !== undefined)
    refuse('holdfast namespace list takes no name.', 'Write holdfast namespace list.')
  if (action !== 'list' && name === undefined)
    refuse(`holdfast namespace ${action} needs a name.`, `Write holdfast namespace ${action} NAME.`)
  const { admin } = await openStore(call, () => ({ create: action === 'create' }))
  await using store = admin
  if (action === 'list') await list(store, call)
  else if (action === 'create') await create(store, checkNamespace(name!), call)
  else await remove(store, checkNamespace(name!), call)
  return undefined
}

async function list(store: Admin, { print }: Call): Promise<void> {
  const namespaces = await store.namespaces()
  if (print.json) return print.document(namespaces)
  if (namespaces.length === 0) return print.note('No namespaces yet.')
  const rows = namespaces.map(({ namespace, versions, overrides, newest }) => [
    { text: namespace, paint: (text: string) => print.paint('bold', text) },
    String(versions),
    String(overrides),
    newest === null ? '–' : stamp(newest),
  ])
  print.lines(table(COLUMNS, rows, print))
}

const COLUMNS = [
  { title: 'NAMESPACE', least: 9 },
  { title: 'VERSIONS', isRight: true },
  { title: 'OVERRIDES', isRight: true },
  { title: 'NEWEST' },
]

async function create(store: Admin, name: string, { flags, print }: Call): Promise<void> {
  const version = await store.createNamespace(name, defined({ actor: flags.text('actor') }))
  if (print.json) print.document({ namespace: name, version: { id: version.id, hash: version.hash } })
  else print.note(`Namespace ${name} is there, empty, as version ${version.id}.`)
}

async function remove(store: Admin, name: string, call: Call): Promise<void> {
  const known = (await store.namespaces()).find(({ namespace }) => namespace === name)
  if (known === undefined) throw new HoldfastError('not-found', `there is no namespace ${name}`, { what: name })
  const { versions, history } = known
  await confirm(
    call,
    `This deletes ${name} with ${count(versions, 'version')} and ${count(history, 'history entry', 'history entries')}, for good.`,
    name,
  )
  await store.deleteNamespace(name)
  if (call.print.json) call.print.document({ namespace: name, versions, history })
  else call.print.note(`Namespace ${name} is deleted.`)
}
