/** How a session's refresh token travels, fixed at sign-in: an HttpOnly cookie, or the bodies of requests and answers. */
export type Delivery = 'cookie' | 'body';
