import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Version } from '../model/version.ts'
import { type Coding, codingFor, isKnown, tagOf } from './conditions.ts'
import { toJson } from './json.ts'
import { standing } from './requests.ts'

/** Bodies below it are not worth compressing. */
export const COMPRESSIBLE = 1024

export const JSON_TYPE = 'application/json; charset=utf-8'

/** What a handler answers. */
export interface Answer {
  /** 200 unless told otherwise; 204 where there is no body. */
  readonly status?: number
  /** Written as JSON. */
  readonly json?: unknown
  /** Written as it is. */
  readonly text?: string | Buffer
  /** What `text` is compressed with already. */
  readonly coding?: Coding | undefined
  /** Sent as it comes. */
  readonly stream?: Readable
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What `Holdfast-Version` says. */
  readonly version?: Version | undefined
  /** True for what a client may keep and ask for by `If-None-Match`; the tag is of the body unless one is given. */
  readonly etag?: true | string
}

/** What is different for each who asks, and is asked for again each time. */
export const CACHING = { 'cache-control': 'private, no-cache', vary: 'Authorization, Cookie, Accept-Encoding' } as const

const NEVER_KEPT = { 'cache-control': 'no-store', vary: 'Accept-Encoding' } as const

const compressed = promisify(gzip)

/** Sends an answer: as JSON, with its tag, compressed where that is worth it. Nothing is left out of it by a schema. */
export async function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { json, text, type = json === undefined ? 'text/plain; charset=utf-8' : JSON_TYPE, etag } = answer
  reply.headers({ ...standing(request), ...(etag === undefined ? NEVER_KEPT : CACHING), ...answer.headers })
  if (answer.version !== undefined) reply.header('holdfast-version', String(answer.version.id))
  if (answer.stream !== undefined) return reply.code(200).header('content-type', type).send(answer.stream)
  if (json === undefined && text === undefined) return reply.code(answer.status ?? 204).send()

  const whole = json === undefined ? text! : await toJson(json)
  if (etag === undefined && typeof whole === 'string' && Buffer.byteLength(whole) <= COMPRESSIBLE)
    return reply
      .code(answer.status ?? 200)
      .header('content-type', type)
      .send(whole)
  const body = toBytes(whole)
  if (etag !== undefined) {
    const tag = etag === true ? tagOf(body) : etag
    reply.header('etag', tag)
    if (isKnown(request.headers['if-none-match'], tag)) return reply.code(304).send()
  }
  reply.code(answer.status ?? 200).header('content-type', type)
  if (answer.coding !== undefined) return reply.header('content-encoding', answer.coding).send(body)
  if (body.length <= COMPRESSIBLE || codingFor(request.headers['accept-encoding']) === undefined)
    return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(await compressed(body))
}

const toBytes = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text) : text)
