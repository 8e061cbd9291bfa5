import { CreateNotes1795392000000 } from '../examples/notes/migrations/1795392000000-create-notes.js';
import { NoteLimit } from '../examples/notes/note-limit.entity.js';
import { Note } from '../examples/notes/note.entity.js';
import { NotesModule } from '../examples/notes/notes.module.js';
import type { AppExtras } from '../src/app.module.js';
import { applyMigrations, findDrift, revertLastMigration } from '../src/database/migrator.js';
import { AccountAdministrationService } from '../src/users/account-administration.service.js';
import { claimsOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

// #region start
const extras: AppExtras = {
  imports: [NotesModule],
  entities: [Note, NoteLimit],
  migrations: [CreateNotes1795392000000],
};

let service: Service;

beforeAll(async () => {
  service = await startService({ extras });
  await applyMigrations(service.config, extras);
});
afterAll(() => service.stop());
// #endregion

test('the migration of a module makes its tables as its entities say, and undoes itself', async () => {
  expect(await findDrift(service.config, extras)).toEqual([]);
  expect(await revertLastMigration(service.config, extras)).toBe('CreateNotes1795392000000');
  expect(await applyMigrations(service.config, extras)).toEqual(['CreateNotes1795392000000']);
});

test("a module's routes are private, and a session that ends loses them at once", async () => {
  expect(await send(service, '/v1/notes')).toMatchObject({ status: 401, code: 'token_missing' });
  const device = await Device.register(service);
  expect(await write(device, 'Buy cards')).toMatchObject({ status: 201, body: { text: 'Buy cards' } });
  expect((await device.send('/v1/notes')).body.items).toMatchObject([{ text: 'Buy cards' }]);
  await device.send('/v1/auth/logout', { method: 'POST' });
  expect(await device.send('/v1/notes')).toMatchObject({ status: 401, code: 'session_ended' });
});

test("somebody else's note is not found, and stays", async () => {
  const [ada, eve] = [await Device.register(service), await Device.register(service)];
  const { id } = (await write(ada, 'Mine')).body;
  const remove = { method: 'DELETE' };
  expect(await eve.send(`/v1/notes/${id}`, remove)).toMatchObject({ status: 404, code: 'not_found' });
  expect((await ada.send('/v1/notes')).body.items).toHaveLength(1);
  expect((await ada.send(`/v1/notes/${id}`, remove)).status).toBe(204);
});

test('a claim of a module is in every token, and a change of it outdates the tokens before', async () => {
  const device = await Device.register(service);
  const librarian = await signInLibrarian();
  await Promise.all([1, 2, 3].map((n) => write(device, `Note ${n}`)));
  expect(await write(device, 'One too many')).toMatchObject({ status: 403, code: 'forbidden' });

  expect((await setLimit(librarian, device.userId, 4)).status).toBe(204);
  expect(await write(device, 'With the old token')).toMatchObject({ status: 401, code: 'token_outdated' });
  await device.refresh();
  expect((await write(device, 'With the new token')).status).toBe(201);
  expect(await write(device, 'Five')).toMatchObject({ status: 403, code: 'forbidden' });
});

test('a token from before the module lacks its claim: one refresh brings it, and nobody is locked out', async () => {
  const before = await startService({ besides: service });
  const device = await Device.register(before);
  await before.stop();
  expect(claimsOf(device.accessToken)).not.toHaveProperty('note_limit');
  const write = () => device.send('/v1/notes', { body: { text: 'Buy cards' } }, service);
  expect(await write()).toMatchObject({ status: 401, code: 'token_outdated', body: { action: 'refresh' } });
  expect((await device.refresh(undefined, service)).status).toBe(200);
  expect(claimsOf(device.accessToken)).toMatchObject({ note_limit: 3 });
  expect((await write()).status).toBe(201);
});

test('many notes written at once never pass the limit', async () => {
  for (let round = 0; round < 5; round++) {
    const device = await Device.register(service);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => write(device, `Note ${n}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect((await device.send('/v1/notes')).body.items).toHaveLength(3);
  }
});

test('only the role may change a limit, and only after a recent proof', async () => {
  const device = await Device.register(service);
  expect(await setLimit(device, device.userId, 9)).toMatchObject({ status: 403, code: 'forbidden' });
  const librarian = await signInLibrarian();
  await service.advance(16 * 60);
  await librarian.refresh();
  const refused = await setLimit(librarian, device.userId, 9);
  expect(refused).toMatchObject({ status: 401, code: 'reauthentication_required', body: { maxAge: 900 } });
  const { password } = librarian;
  await librarian.keeping(librarian.send('/v1/auth/reauthenticate', { body: { password } }));
  expect((await setLimit(librarian, device.userId, 9)).status).toBe(204);
});

test('deleting the account deletes its notes in the same transaction, and nobody else’s', async () => {
  const [ada, eve] = [await Device.register(service), await Device.register(service)];
  await setLimit(await signInLibrarian(), ada.userId, 5);
  await ada.refresh();
  await Promise.all([write(ada, 'Gone soon'), write(eve, 'Stays')]);
  expect((await ada.send('/v1/users/me', { method: 'DELETE' })).status).toBe(204);
  expect(await rowsOf(ada.userId)).toEqual({ notes: '0', limits: '0' });
  expect(await rowsOf(eve.userId)).toMatchObject({ notes: '1' });
});

test('when the hook fails, the account is not deleted', async () => {
  const device = await Device.register(service);
  await write(device, 'Kept');
  await service.db.query('alter table note_limits rename to elsewhere');
  expect((await device.send('/v1/users/me', { method: 'DELETE' })).status).toBe(500);
  await service.db.query('alter table elsewhere rename to note_limits');
  expect(await device.access()).toBeNull();
  expect((await device.send('/v1/notes')).body.items).toMatchObject([{ text: 'Kept' }]);
});

test("a module's routes are in the API reference", async () => {
  const { paths } = (await send(service, '/openapi.json')).body;
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/v1/notes', '/v1/notes/{id}', '/v1/notes/limits/{userId}']),
  );
});

function write(device: Device, text: string) {
  return device.send('/v1/notes', { body: { text } });
}

function setLimit(device: Device, userId: string, most: number) {
  return device.send(`/v1/notes/limits/${userId}`, { method: 'PUT', body: { most } });
}

/** Somebody with the role, which operators give: there is no route for it. */
async function signInLibrarian(): Promise<Device> {
  const device = await Device.register(service);
  await service.app
    .get(AccountAdministrationService, { strict: false })
    .setRoles(device.userId, ['librarian'], { actor: 'operator:test', reason: 'hired' });
  await device.refresh();
  return device;
}

async function rowsOf(userId: string) {
  const [row] = await service.db.query(
    `select (select count(*) from notes where user_id = $1) as notes,
            (select count(*) from note_limits where user_id = $1) as limits`,
    [userId],
  );
  return row;
}
