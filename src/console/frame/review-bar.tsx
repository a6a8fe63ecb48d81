import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { Button } from '../parts/basics.tsx'
import { useDrafts } from '../state/drafts.ts'
import { plural } from '../state/show.ts'

const Review = lazy(() => import('./review.tsx'))

/** What is staged, on every page of its namespace, until it is applied or dropped. */
export function ReviewBar({ ns }: { readonly ns: string }): ReactNode {
  const { size } = useDrafts(ns)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key === 'Enter' && size > 0) setOpen(true)
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [size])
  return (
    <>
      {size > 0 && (
        <div className="review-bar" role="status">
          <span>{plural(size, 'change')} staged</span>
          <Button kind="primary" isSmall onClick={() => setOpen(true)}>
            Review
          </Button>
        </div>
      )}
      <Suspense>{isOpen && <Review ns={ns} close={() => setOpen(false)} />}</Suspense>
    </>
  )
}
