/** The SHA-256 of `data` in hex; `node:crypto` loads with the first use, for a fast start. */
export async function sha256(data: Uint8Array | string): Promise<string> {
  return process.getBuiltinModule('node:crypto').hash('sha256', data, 'hex')
}
