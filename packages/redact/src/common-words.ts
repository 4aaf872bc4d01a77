/** Values that say nothing and stand everywhere: hidden, they would only make a log unreadable. Compared in lower case. */
export const commonWords: ReadonlySet<string> = new Set(
  `true false null none undefined default password passwd secret secrets username user admin administrator root localhost example
  example.com test testing token string number boolean object private public enabled disabled production staging development
  changeme unknown region us-east-1 us-west-2 eu-west-1 eu-central-1 ap-northeast-1 127.0.0.1 0.0.0.0 service_account
  postgres mysql redis mongodb database server client name value values status created updated deleted error warning
  resource resources module modules provider providers output outputs variable variables terraform opentofu plan apply destroy
  redacted sensitive http:// https:// application/json text/plain utf-8 latest stable master develop 000000 123456`
    .split(/\s+/)
    .concat([
      "apiversion: v1",
      "kind: config",
      "clusters:",
      "contexts:",
      "preferences: {}",
      "- context:",
      "- cluster:",
      '"type": "service_account",',
    ]),
);
