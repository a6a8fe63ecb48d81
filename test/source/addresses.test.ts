import { describe, expect, it } from 'vitest'
import { addressesOf, isGlobal } from '../../src/source/addresses.ts'
import type { Lookup } from '../../src/source/source.ts'

const nothing: Lookup = async () => []
const answering = (...addresses: string[]): Lookup => {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}
const check = (href: string, given: { allowHosts?: string[]; lookup?: Lookup } = {}) =>
  addressesOf(new URL(href), { allowHosts: given.allowHosts ?? [], lookup: given.lookup ?? nothing })

describe('an address', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
  ])('of IPv4 that is not for the public is known: %s', (address) => {
    expect(isGlobal(address)).toBe(false)
    expect(isGlobal(`::ffff:${address}`)).toBe(false)
    expect(isGlobal(`64:ff9b::${address}`)).toBe(false)
  })

  it.each([
    '::',
    '::1',
    '::127.0.0.1',
    '::808:808',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '64:ff9b:1::1',
    '64:ff9b:1::8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '100::1',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:2::1',
    '2001:10::1',
    '2001:20::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    '2002:808:808::1',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
  ])('of IPv6 that is not for the public is known: %s', (address) => {
    expect(isGlobal(address)).toBe(false)
  })

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '198.20.0.1',
    '2606:4700::1',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('that is for the public is known: %s', (address) => {
    expect(isGlobal(address)).toBe(true)
  })

  it.each(['', 'localhost', 'x', '1.2.3.4.5', '%'])('that is none is not taken for one: %j', (text) => {
    expect(isGlobal(text)).toBe(false)
  })
})

describe('the host of a URL', () => {
  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.0.0.1./',
    'https://①②⑦.0.0.1/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[64:ff9b::127.0.0.1]/',
    'https://0/',
    'https://10.1/',
    'https://0xa9fea9fe/',
  ])('is refused in every spelling of a private address: %s', async (href) => {
    await expect(check(href)).rejects.toMatchObject({ code: 'source' })
    await expect(check(href)).rejects.toThrow('is not a public address; if it is meant, name it: allowHosts: [')
  })

  it('is refused where any of its addresses is private', async () => {
    const lookup = answering('8.8.8.8', '10.0.0.1')
    await expect(check('https://a.example/x?token=1', { lookup })).rejects.toThrow(
      'https://a.example/x: a.example leads to 10.0.0.1, which is not a public address; if it is meant, name it: allowHosts: [a.example]',
    )
  })

  it('is refused where it has no address', async () => {
    await expect(check('https://a.example/')).rejects.toThrow('the name a.example has no address')
    const lookup: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    await expect(check('https://a.example/', { lookup })).rejects.toThrow(
      'the name a.example does not resolve (ENOTFOUND)',
    )
  })

  it('may be private where it is allowed by its exact name', async () => {
    const lookup = answering('10.0.0.1')
    expect(await check('https://A.example./', { allowHosts: ['a.example'], lookup })).toEqual([
      { address: '10.0.0.1', family: 4 },
    ])
    expect(await check('https://[::1]/', { allowHosts: ['::1'] })).toEqual([{ address: '::1', family: 6 }])
    for (const allowed of ['example', 'b.a.example', '10.0.0.1', 'a.example.com']) {
      await expect(check('https://a.example/', { allowHosts: [allowed], lookup })).rejects.toMatchObject({
        code: 'source',
      })
    }
  })
})
