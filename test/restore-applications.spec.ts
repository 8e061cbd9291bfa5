import { addApplication, administrationOf, permit } from './support/applications.js';
import { takeBackup } from './support/backup.js';
import { askFeed, newBackend, type Backend } from './support/feed.js';
import { operate, operateJson } from './support/operate.js';
import { ACT } from './support/operator.js';
import { startService, type Service } from './support/service.js';

/** What was taken away from an application after the backup is in no table any more: it has it again. */
const WHY = '--reason "disk failure"';

let base: Service;
let shop: Backend;

/** What an instance that starts now answers the back end. */
async function follow(): Promise<number> {
  const instance = await startService({ besides: base });
  const { status } = await askFeed(instance, shop);
  await instance.stop();
  return status;
}

beforeAll(async () => {
  base = await startService();
  await base.app.close();
  const instance = await startService({ besides: base });
  await addApplication(instance, { id: 'shop', origins: ['https://shop.example.com'] });
  shop = await newBackend(instance, 'shop');
  await permit(instance, 'shop', 'sessions');
  const backup = await takeBackup(base.db);
  // All this is lost.
  await permit(instance, 'shop');
  await administrationOf(instance).disable('shop', ACT);
  await administrationOf(instance).rotateSecret('shop', ACT, 0);
  await instance.stop();
  await backup.restore();
  await base.db.query('delete from instances');
});
afterAll(() => base.stop());
beforeEach(() => base.db.query('delete from instances'));

test('finished: every application is listed with what it may have lost since, and has again', async () => {
  const [secret] = await base.db.query<{ created_at: Date }>('select created_at from application_credentials');
  const { code, out } = await operate(base, `restore finish ${WHY}`);
  expect(code).toBe(0);
  expect(out).toMatch(
    /\nIts applications are as they were then\. Take away again what was taken away from them after it:\n/,
  );
  const made = secret!.created_at.toISOString();
  expect(out).toMatch(new RegExp(`\nshop +enabled +${made} +sessions +https://shop.example.com\n`));
  expect(out).toMatch(/\naccount +enabled +– +– +https:/);
  expect(out).not.toContain('ended:');
  expect(await follow()).toBe(200);
});

test('with --end-secrets all secrets end with it, or nothing is done; the audit has each', async () => {
  const epoch = () => base.db.query('select epoch from revocation_head');
  const before = await epoch();
  await base.db.query(
    `create function broken() returns trigger language plpgsql as 'begin raise exception ''disk full''; end';
     create trigger broken before update on application_credentials for each row execute function broken()`,
  );
  expect((await operate(base, `restore finish --end-secrets ${WHY}`)).code).not.toBe(0);
  expect(await epoch()).toEqual(before);
  await base.db.query('drop function broken() cascade');

  expect(await operateJson(base, `restore finish --end-secrets ${WHY}`)).toMatchObject({
    secretsEnded: 1,
    restored: [{ id: 'account' }, { id: 'shop', secrets: [] }],
  });
  expect(await follow()).toBe(401);
  expect(
    await base.db.query(
      `select application_id, reason from audit_events where type = 'application.secret_withdrawn' order by id`,
    ),
  ).toEqual([{ application_id: 'shop', reason: 'disk failure' }]);
});

test('it says how many secrets ended, and what makes new ones', async () => {
  const { out } = await operate(base, `restore finish --end-secrets ${WHY}`);
  expect(out).toContain('\n0 secrets of applications ended: application rotate-secret makes new ones.\n');
});
