import { storeName } from '../../model/config.ts'
import type { Bed } from '../bench/bed.ts'
import type { Bounds, Measured } from '../bench/measure.ts'
import { measures } from '../bench/measures.ts'
import { patiently } from '../bench/patience.ts'
import { type Plan, readPlan } from '../bench/plan.ts'
import { type Report, showReport } from '../bench/report.ts'
import { type Sample, sampleOf } from '../bench/sample.ts'
import { inScratch } from '../bench/scratch.ts'
import type { Call, Run } from '../command.ts'
import { openStore } from '../open.ts'
import { INTERRUPTED } from '../print.ts'
import { progressLine } from '../progress.ts'
import { refuse } from '../refuse.ts'
import type { Target } from '../target.ts'
import { count } from '../text.ts'

/** All that the measures of one call share. */
interface Work {
  readonly call: Call
  readonly target: Target
  readonly plan: Plan
  readonly sample: Sample
  readonly signal: AbortSignal
}

export const run: Run = async (call) => {
  const { flags, print } = call
  const signal = stopping(call)
  const { admin, target } = await openStore(call)
  await using store = admin
  refuseMemory(target)
  const plan = readPlan(flags, target.kind)
  const { namespace } = plan
  const sample = sampleOf(plan.size)
  print.note(`Measures in namespace ${namespace}, which is deleted afterwards. Ctrl+C ends it.`)
  const scratch = { admin: store, namespace, actor: flags.text('actor'), print }
  const measured = await inScratch(scratch, () => measureAll({ call, target, plan, sample, signal }))
  if (signal.aborted) print.note(`Stopped; ${namespace} is deleted.`)
  else tell(call, reportOf(target, plan, sample, measured))
  return signal.aborted ? INTERRUPTED : undefined
}

/** Aborts when the user interrupts, and when their terminal goes away: the namespace must not be left behind. */
function stopping({ io }: Call): AbortSignal {
  const hangUp = new AbortController()
  io.onReload(() => hangUp.abort())
  return AbortSignal.any([io.interrupt(), hangUp.signal])
}

function refuseMemory(target: Target): void {
  if (target.kind === 'store' && target.options.store === ':memory:')
    refuse('a store in memory is there for one connection only.', 'Name a file with --store, in /dev/shm for instance.')
}

/** What was measured until the end, or until it was interrupted: what fails then has only been cut off. */
async function measureAll(work: Work): Promise<readonly Measured[]> {
  const { call, plan, sample, signal } = work
  const { io, print } = call
  const measured: Measured[] = []
  const boundsOf = (what: string): Bounds & Disposable => {
    const { onProgress, clear } = progressLine(what, io, print)
    return { ...plan, signal, onProgress: (done) => onProgress(done, 0), [Symbol.dispose]: clear }
  }
  try {
    await using bed = await openBed(work)
    for (const request of sample.fill) await patiently(() => bed.change(0, request), signal)
    for await (const one of measures(bed, plan, sample, boundsOf)) {
      if (signal.aborted) break
      measured.push(one)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return measured
}

async function openBed({ call, target, plan, sample, signal }: Work): Promise<Bed> {
  const { namespace, clients } = plan
  if (target.kind === 'store') return (await import('../bench/store-bed.ts')).openStoreBed(target, namespace)
  const { openServerBed } = await import('../bench/server-bed.ts')
  return openServerBed({ target: { ...target, namespace }, call, clients, sample, signal })
}

function reportOf(
  target: Target,
  plan: Plan,
  { bytes, sections, keys, made, fill }: Sample,
  measured: Report['measured'],
): Report {
  const name = target.kind === 'server' ? target.url : storeName(target.options.store ?? '')
  return {
    target: { kind: target.kind, name },
    plan,
    configuration: { bytes, sections: sections.length, keys },
    measured,
    versions: 1 + fill.length + made,
  }
}

function tell({ print }: Call, report: Report): void {
  const { plan, versions } = report
  if (print.json) print.document(report)
  else showReport(report, print)
  print.note(
    `${count(versions, 'version')} were made in ${plan.namespace} and deleted with it. Their numbers are not given again.`,
  )
}
