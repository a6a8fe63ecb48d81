/** One line of a family: its name with what a histogram adds, its labels and its value. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: Sample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/

/** Reads the text format of Prometheus (0.0.4) and throws at whatever is not exactly that. */
export function parseMetrics(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family>()
  const series = new Set<string>()
  let current: string | undefined
  let help: readonly [string, string] | undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    if (line.startsWith('# HELP ')) {
      const [, name = '', words = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? []
      if (!NAME.test(name) || families.has(name)) throw new Error(`not a new family: ${line}`)
      help = [name, words]
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? []
      if (help?.[0] !== name) throw new Error(`no help before ${line}`)
      families.set(name, { type: type as Family['type'], help: help[1], samples: [] })
      current = name
    } else {
      const sample = parseSample(line)
      const family = current === undefined ? undefined : families.get(current)
      if (family === undefined || !belongs(sample.name, current!, family)) throw new Error(`out of its family: ${line}`)
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (series.has(key)) throw new Error(`twice: ${line}`)
      series.add(key)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) check(name, family)
  return families
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? []
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
  if (name === undefined || Number.isNaN(number)) throw new Error(`not a sample: ${line}`)
  const found: Record<string, string> = {}
  for (let rest = labels; rest !== ''; ) {
    const [whole, label, text] = LABEL.exec(rest) ?? []
    if (whole === undefined || Object.hasOwn(found, label!)) throw new Error(`not labels: ${line}`)
    found[label!] = text!.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    rest = rest.slice(whole.length)
  }
  return { name, labels: found, value: number }
}

const belongs = (sample: string, name: string, { type }: Family): boolean =>
  type === 'histogram' ? ['_bucket', '_sum', '_count'].some((end) => sample === name + end) : sample === name

function check(name: string, { type, samples }: Family): void {
  if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is named as what it is not`)
  if (type === 'counter' && samples.some(({ value }) => value < 0)) throw new Error(`${name} is negative`)
  if (type === 'histogram') checkHistogram(name, samples)
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le, ...labels } }) => JSON.stringify(labels))
  for (const group of groups.values()) {
    const buckets = group.filter((one) => one.name === `${name}_bucket`)
    const count = group.find((one) => one.name === `${name}_count`)?.value
    const isCumulative = buckets.every(({ value, labels }, i) => {
      const before = buckets[i - 1]
      return before === undefined || (before.value <= value && toNumber(before.labels.le) < toNumber(labels.le))
    })
    const isWhole = buckets.at(-1)?.labels.le === '+Inf' && buckets.at(-1)!.value === count
    if (!isCumulative || !isWhole) throw new Error(`${name} is no histogram`)
  }
}

const toNumber = (text = ''): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text))
