/** Every form in which a text could have got somewhere, as bytes: however the bytes around it are aligned, and whatever follows. */
export function tracesOf(text: string): readonly Buffer[] {
  const forms = new Set<string>()
  for (const form of [text, [...text].reverse().join('')]) {
    const json = JSON.stringify(form).slice(1, -1)
    forms.add(form).add(json).add(escaped(json, 'u')).add(encodeURIComponent(form)).add(encodeURI(form)).add(html(form))
    forms.add(encodeURIComponent(encodeURIComponent(form)))
    for (const bytes of [Buffer.from(form), Buffer.from(form, 'utf16le')]) {
      forms.add(bytes.toString('hex')).add(bytes.toString('hex').toUpperCase())
      for (const encoding of ['base64', 'base64url'] as const) {
        for (const shift of [0, 1, 2]) forms.add(inBase64(bytes, shift, encoding))
      }
    }
  }
  const wide = Buffer.from(text, 'utf16le')
  return [...[...forms].map((form) => Buffer.from(form)), wide, Buffer.from(wide).swap16()]
}

/** The digits that do not depend on what stands before and after. */
function inBase64(bytes: Buffer, shift: number, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(3)]).toString(encoding)
  return encoded.slice(shift === 0 ? 0 : 4, 4 * Math.floor((shift + bytes.length) / 3))
}

const escaped = (text: string, mark: string): string =>
  text.replace(/[^\x20-\x7e]|[&<>/]/g, (char) => `\\${mark}${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

const html = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? '&quot;')

/** Something that must be found nowhere, by a name that may be told. */
export interface Canary {
  readonly name: string
  readonly traces: readonly Buffer[]
}

export const canary = (name: string, text: string): Canary => ({ name, traces: tracesOf(text) })

/** Everything that was said, and by what. What is said twice is kept once. */
export class Evidence {
  readonly #heard = new Map<string, string>()

  /** `due`: texts that this one was asked for, and may say. */
  hear(where: string, said: string | Buffer, due: readonly string[] = []): void {
    let text = typeof said === 'string' ? Buffer.from(said).toString('latin1') : said.toString('latin1')
    for (const one of due) text = text.replaceAll(Buffer.from(one).toString('latin1'), '')
    if (!this.#heard.has(text)) this.#heard.set(text, where)
  }

  get size(): number {
    return this.#heard.size
  }

  /** Where which of them was found; the words around tell where to look. */
  find(canaries: readonly Canary[]): readonly string[] {
    const found: string[] = []
    for (const [text, where] of this.#heard) {
      for (const { name, traces } of canaries) {
        const trace = traces.find((one) => text.includes(one.toString('latin1')))
        if (trace === undefined) continue
        const at = text.indexOf(trace.toString('latin1'))
        found.push(`${name} in ${where}: ${JSON.stringify(text.slice(Math.max(0, at - 160), at + 100))}`)
      }
    }
    return found
  }
}
