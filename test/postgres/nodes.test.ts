import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseWatchId } from '../../src/wire/sse.ts'
import type { Evidence } from './evidence.ts'
import { Load } from './load.ts'
import { type Node, startNodes } from './nodes.ts'
import { pause } from './until.ts'

describe('three nodes on one file, one killed and one paused under load', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-nodes-'))
  let nodes: readonly Node[] = []
  let evidence: Evidence
  beforeAll(async () => {
    nodes = await startNodes(3, () => ({ directory, store: 'store.db' }))
    const load = await Load.start(nodes, { mixed: ['mixed'], compared: 'compared', hasMin: false })
    await load.progress(20)
    await nodes[2]!.kill()
    await load.progress(20)
    await nodes[2]!.start()
    await load.progress(20)
    nodes[1]!.pause()
    await pause(1000)
    nodes[1]!.resume()
    await load.progress(20)
    evidence = await load.finish()
  }, 180_000)
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  it('lose nothing, apply nothing twice and have one order of versions', () => {
    for (const { anomalies } of evidence.namespaces) expect(anomalies).toEqual([])
  })

  it('were read, changed, and changed by comparisons that held', () => {
    for (const { operations, namespace } of evidence.namespaces) {
      const done = operations.filter((one) => one.kind === 'write' && one.outcome.kind === 'done')
      const held = done.filter((one) => one.kind === 'write' && one.ifVersion !== undefined)
      expect(done.length).toBeGreaterThan(0)
      expect(operations.some((one) => one.kind === 'read')).toBe(true)
      if (namespace === 'compared') expect(held).toEqual(done)
    }
  })

  it('give no number twice', () => {
    const numbers = evidence.namespaces.flatMap(({ ids }) => ids.map((id) => parseWatchId(id).version))
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it('tell every watcher every version once, in order, whichever node it goes to', () => {
    for (const { told, ids, resets } of evidence.namespaces) {
      expect(resets).toBe(0)
      expect(told).toHaveLength(6)
      for (const one of told) expect(one).toEqual(ids)
    }
  })

  it('leave a store whose hashes and chains hold', () => {
    expect(evidence.isSound).toBe(true)
  })
})
