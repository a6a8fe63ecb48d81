import Type, { type Static, type TProperties, type TSchema } from 'typebox'

/** What a request may say: these members and no others. */
export const only = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })

export const text = (description: string, more: { readonly [rule: string]: unknown } = {}) =>
  Type.String({ description, ...more })
export const flag = (description: string) => Type.Boolean({ description })
export const whole = (description: string, more: { readonly [rule: string]: unknown } = {}) =>
  Type.Integer({ description, minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...more })
export const maybe = Type.Optional
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
export const oneOf = <const N extends readonly string[]>(names: N, description: string) =>
  Type.Unsafe<N[number]>({ type: 'string', enum: [...names], description })
export const listOf = <S extends TSchema>(items: S, description = '') =>
  Type.Array(items, description === '' ? {} : { description })
export const mapOf = <S extends TSchema>(values: S, description = '') =>
  Type.Unsafe<{ [name: string]: Static<S> }>({
    type: 'object',
    additionalProperties: values,
    ...(description !== '' && { description }),
  })

export const time = (description: string) => Type.String({ description, format: 'date-time' })
export const anything = (description: string) => Type.Unsafe<unknown>({ description })

/** A page of rows, newest first. */
export const pageOf = <S extends TSchema>(items: S) =>
  Type.Object({ items: listOf(items), nextCursor: orNull(text('Hand it back as cursor for the next page.')) })
