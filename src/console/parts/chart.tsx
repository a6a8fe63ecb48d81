import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { plural } from '../state/show.ts'

interface Buckets {
  /** Beginning of each, in seconds. */
  readonly at: readonly number[]
  readonly counts: readonly number[]
  /** Seconds of each. */
  readonly width: number
}

const HEIGHT = 140
const WIDTHS = [60, 300, 900, 3600, 21_600, 86_400, 604_800]
const MOST = 60

/** How many versions were made when, as bars one can point at; the same as a table for who does not see them. */
export default function Chart({ times }: { readonly times: readonly string[] }): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const buckets = useMemo(() => bucketsOf(times), [times])
  const [at, setAt] = useState<number | null>(null)
  useEffect(() => {
    const parent = place.current!
    const plot = new uPlot(optionsOf(parent, buckets, setAt), [[...buckets.at], [...buckets.counts]], parent)
    const resize = new ResizeObserver(() => plot.setSize({ width: parent.clientWidth, height: HEIGHT }))
    resize.observe(parent)
    return () => {
      resize.disconnect()
      plot.destroy()
    }
  }, [buckets])
  const index = at ?? buckets.counts.length - 1
  return (
    <div>
      <p className="faint" aria-hidden>
        {plural(buckets.counts[index] ?? 0, 'version')}, {spanOf(buckets, index)}
      </p>
      <div className="chart" ref={place} aria-hidden />
      <table className="hidden">
        <caption>Versions over time</caption>
        <tbody>
          {buckets.counts.map(
            (count, i) =>
              count > 0 && (
                <tr key={buckets.at[i]}>
                  <th scope="row">{spanOf(buckets, i)}</th>
                  <td>{count}</td>
                </tr>
              ),
          )}
        </tbody>
      </table>
    </div>
  )
}

function bucketsOf(times: readonly string[]): Buckets {
  const seconds = times.map((time) => Date.parse(time) / 1000)
  const now = Date.now() / 1000
  const first = Math.min(now - 1800, ...seconds)
  const width = WIDTHS.find((one) => (now - first) / one <= MOST) ?? WIDTHS.at(-1)!
  const start = Math.floor(first / width) * width
  const counts = new Array<number>(Math.floor((now - start) / width) + 1).fill(0)
  for (const one of seconds) {
    const i = Math.floor((one - start) / width)
    if (counts[i] !== undefined) counts[i]++
  }
  return { at: counts.map((_, i) => start + i * width), counts, width }
}

function spanOf({ at, width }: Buckets, i: number): string {
  const from = new Date((at[i] ?? 0) * 1000)
  if (width >= 86_400) return from.toLocaleDateString(undefined, { dateStyle: 'medium' })
  return from.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}

function optionsOf(parent: HTMLElement, { width }: Buckets, point: (at: number | null) => void): uPlot.Options {
  const colour =
    (name: string): (() => string) =>
    () =>
      resolved(parent, name)
  const axis = { stroke: colour('--text-faint'), grid: { stroke: colour('--n3'), width: 1 }, ticks: { show: false } }
  return {
    width: parent.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(4, most)] } },
    axes: [axis, { ...axis, size: 36, incrs: [1, 2, 5, 10, 25, 50, 100, 250] }],
    series: [
      {},
      {
        fill: colour('--accent'),
        stroke: colour('--accent'),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars!({ size: [0.72, 28], align: 1, radius: 0.15 }),
      },
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? null)] },
    ...(width >= 86_400 && { tzDate: (ts: number) => new Date(ts * 1000) }),
  }
}

/** A token's colour as the canvas takes it: light or dark is decided by the element. */
function resolved(parent: HTMLElement, name: string): string {
  parent.style.setProperty('outline-color', `var(${name})`)
  return getComputedStyle(parent).outlineColor
}
