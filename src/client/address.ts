import { HoldfastError } from '../model/errors.ts'

/** A server's address as requests begin with it. Refuses what would show the token to others. */
export function checkAddress(text: string, insecure: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : refuse('is not an address like https://config.example.com')
  if (url.username !== '' || url.password !== '') refuse('has a user name or password in it: give a token instead')
  if (url.search !== '' || url.hash !== '') refuse('has a query or a fragment: addresses are made by appending to it')
  if (url.protocol === 'http:' && !insecure && !isLoopback(url.hostname)) {
    refuse(
      'is plain http: to another machine, where the token can be read on the way: use https:, or say insecure: true',
    )
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('is neither https: nor http:')
  return url.href.replace(/\/+$/, '')
}

/** How messages name the server. */
export const originOf = (url: string): string => new URL(url).origin

function refuse(why: string): never {
  throw new HoldfastError('malformed', `the server's url ${why}`, { what: 'url' })
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
