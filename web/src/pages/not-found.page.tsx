import { PageHeading } from '../ui/page.js';
import { Link } from '../ui/router.js';

export function NotFoundPage() {
  return (
    <>
      <PageHeading title="There is no such page">The address may be mistyped, or the page has moved.</PageHeading>
      <p className="section">
        <Link to="devices" className="button">
          Go to your devices
        </Link>
      </p>
    </>
  );
}
