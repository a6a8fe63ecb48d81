/** An answer's text, read no further than `limit` bytes (after decompression): `undefined` where it is longer. */
export async function readText(response: Response, limit: number): Promise<string | undefined> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  const pieces: string[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return pieces.join('') + decoder.decode()
    bytes += value.length
    if (bytes > limit) {
      await reader.cancel()
      return undefined
    }
    pieces.push(decoder.decode(value, { stream: true }))
  }
}
