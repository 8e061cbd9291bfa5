import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import { ApiReference } from './api-reference.js';
import { DocsController } from './docs.controller.js';

/** What a browser can open: the documentation. */
@Module({ imports: [DiscoveryModule], controllers: [DocsController], providers: [ApiReference] })
export class PagesModule {}
