import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import { AccountPages, builtPagesFolder } from './account-pages.js';
import { AccountController } from './account.controller.js';
import { ApiReference } from './api-reference.js';
import { DocsController } from './docs.controller.js';

/** What a browser can open: the account pages and the documentation. */
@Module({
  imports: [DiscoveryModule],
  controllers: [AccountController, DocsController],
  providers: [ApiReference, { provide: AccountPages, useFactory: () => new AccountPages(builtPagesFolder()) }],
})
export class PagesModule {}
