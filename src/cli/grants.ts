import type { Grant } from '../model/principal.ts'

/** What a grant allows, as a clause: `config:read in tacacs-*, section ldap`. */
export function grantLine({ actions, namespaces, sections }: Grant): string {
  const where = namespaces.includes('*') ? 'everywhere' : `in ${namespaces.join(', ')}`
  const within = sections === undefined ? '' : `, section ${sections.join(', ')}`
  return `${actions.join(', ')} ${where}${within}`
}
