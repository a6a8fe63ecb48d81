import { Compass } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Empty } from '../parts/basics.tsx'

export default function NotFound(): ReactNode {
  return (
    <Empty icon={Compass} title="There is no such page">
      <p>
        The address may be from another version of Holdfast. <Link href="/">Go to the overview</Link>, or press ⌘K and
        type what you look for.
      </p>
    </Empty>
  )
}
