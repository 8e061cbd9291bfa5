import { SubCommand } from 'nest-commander';
import { errorEntry, type ErrorCode } from '../common/errors/error-catalogue.js';
import { KeyAdministrationService } from '../keys/key-administration.service.js';
import { RefreshInspectionService, type RefreshInspection } from '../sessions/refresh-inspection.service.js';
import { SessionAdministrationService } from '../sessions/session-administration.service.js';
import { AccessTokenInspectionService, type AccessTokenInspection } from '../tokens/access-token-inspection.service.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { describeAccessToken, describeRefreshToken, isUnreadable, type Bearer } from './inspection-report.js';
import { EXIT } from './exit-codes.js';
import type { CommanderError } from './mistyped.js';
import { OperatorCommand } from './operator-command.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

@SubCommand({
  name: 'inspect',
  description:
    'says what is in an access or refresh token, whether it would be accepted now, and which rule refuses it; ' +
    'reads it from standard input, never from the arguments, and changes nothing',
})
export class TokenInspectCommand extends OperatorCommand {
  protected async serve(services: Services): Promise<Outcome> {
    const text = await this.readToken();
    return text.startsWith('prt_') ? this.refreshToken(services, text) : this.accessToken(services, text);
  }

  protected override hintFor({ code }: CommanderError): string | null {
    return code === 'commander.excessArguments'
      ? 'The token is read from standard input, as in: token inspect < token.txt. As an argument it stays in the history of the shell.'
      : null;
  }

  /** What people copy: with a line break, with `Bearer` before it, with the name of a cookie. */
  private async readToken(): Promise<string> {
    const input = this.terminal.interactive
      ? await this.terminal.askHidden('Paste the token (it is not shown): ')
      : await this.terminal.readInput();
    const text = input.trim().replace(/^(authorization: *)?bearer +/i, '');
    const token = text.replace(/^(cookie: *)?(__Host-)?portcullis-[a-z0-9-]+=/i, '');
    if (token === '') throw new UsageError('Send a token to standard input, as in: token inspect < token.txt');
    return token;
  }

  private async accessToken(services: Services, text: string): Promise<Outcome> {
    const inspection = await services.get(AccessTokenInspectionService).inspect(text);
    const { sub, sid } = inspection.claims ?? {};
    const bearer = await bearerOf(services, sub, sid);
    const kid = inspection.header?.['kid'];
    const key = (await services.get(KeyAdministrationService).list()).find((each) => each.kid === kid) ?? null;
    const data = {
      kind: isUnreadable(inspection) ? 'unknown' : 'access_token',
      ...verdict(inspection),
      ...inspection,
      key,
      ...bearer,
    };
    return { lines: describeAccessToken(inspection, key, bearer), data, exitCode: exitCodeOf(inspection) };
  }

  private async refreshToken(services: Services, text: string): Promise<Outcome> {
    const inspection = await services.get(RefreshInspectionService).inspect(text);
    const bearer = await bearerOf(services, inspection.session?.userId, inspection.token?.sessionId);
    const data = { kind: 'refresh_token', ...verdict(inspection), ...inspection, account: bearer.account };
    return { lines: describeRefreshToken(inspection, bearer), data, exitCode: exitCodeOf(inspection) };
  }
}

/** Of what a token says of itself, what there really is. */
async function bearerOf(services: Services, userId: unknown, sessionId: unknown): Promise<Bearer> {
  const [isUser, isSession] = [userId, sessionId].map((id) => typeof id === 'string' && UUID.test(id));
  const account = isUser
    ? await services
        .get(AccountAdministrationService)
        .get({ userId: userId as string })
        .catch(() => null)
    : null;
  const sessionEnd = isSession
    ? await services.get(SessionAdministrationService).endReasonOf(sessionId as string)
    : null;
  return { account, sessionEnd };
}

function verdict({ code }: { code: ErrorCode | null }) {
  return { accepted: code === null, status: code === null ? 200 : errorEntry(code).status };
}

function exitCodeOf({ code }: AccessTokenInspection | RefreshInspection): number {
  return code === null ? EXIT.done : EXIT.refused;
}
