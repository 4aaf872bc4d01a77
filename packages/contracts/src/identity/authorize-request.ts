import { z } from "zod";

const text = (most: number) => z.string().max(most).optional();
/** The parameters of an authorization request that mean something here. The OAuth server itself says what is wrong with one. */
export const authorizeRequest = {
  response_type: text(100),
  client_id: text(200),
  redirect_uri: text(2_000),
  scope: text(2_000),
  state: text(2_000),
  code_challenge: text(200),
  code_challenge_method: text(20),
  response_mode: text(40),
  nonce: text(500),
  prompt: text(100),
  max_age: text(20),
  login_hint: text(200),
  id_token_hint: text(4_000),
  ui_locales: text(200),
  resource: text(2_000),
  /** Not served: the OAuth server says so, rather than pass over what a signed request would have changed. */
  request: text(8_000),
  request_uri: text(2_000),
};
/** Made by the page that asks, good for ten minutes, for this person in this session and this very question. */
export const csrfToken = z.string().max(600);
