import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';

import { Config } from '../config.js';
import { describeApi } from './openapi.js';
import { referencePage } from './reference-page.js';
import { collectRouteFacts } from './route-facts.js';

/** The API reference, made from the running application when it is first asked for, and then kept. */
@Injectable()
export class ApiReference {
  private app: INestApplication | null = null;
  private openapi: string | null = null;
  private page: string | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly config: Config,
  ) {}

  /** @nestjs/swagger reads an application, which no provider can have injected: `createApp` hands it over. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  /** The OpenAPI document as JSON. */
  json(): string {
    return (this.openapi ??= JSON.stringify(this.document()));
  }

  /** The same for people, as HTML. */
  html(): string {
    return (this.page ??= referencePage(this.document()).text);
  }

  private document(): OpenAPIObject {
    if (!this.app) throw new Error('The API reference does not know its application.');
    const facts = collectRouteFacts(this.discovery, this.config.recentAuthMaxAge);
    return describeApi(this.app, facts, this.config.publicUrl);
  }
}
