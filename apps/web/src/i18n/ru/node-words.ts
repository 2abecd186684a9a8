import { siteFaults } from './site-words.ts';
import type { HoldReason } from '@dossier/domain/guards.ts';
import { photoSentences } from './photo-words.ts';

interface FaultWords {
  /** What happened. */
  readonly desc: string;
  /** What to do. */
  readonly remedy: string;
}

const reportIt = 'Сравните версии узлов; если они равны, сообщите об этом как о дефекте мастера, с номером синхронизации.';
const verifyThere = 'Проверьте список на мастере: строки могли измениться вручную через SQL или из-за сбоя диска. Сравните версии узлов.';

/** What the node says of failed syncs, by their codes. */
export const syncFaults: Readonly<Record<string, FaultWords>> = {
  MASTER_UNREACHABLE: {
    desc: 'Мастер недоступен: соединиться не удалось.',
    remedy: 'Проверьте, что мастер работает, что его адрес верен и что этот узел до него достаёт; при ошибке TLS — сертификат мастера.',
  },
  ADDRESS_REFUSED: {
    desc: 'Адрес ведёт туда, где мастера быть не может: к адресу внутри сегмента сети или к службе метаданных облака.',
    remedy: 'Проверьте адрес мастера и то, во что его имя превращается на этом узле.',
  },
  MASTER_TIMEOUT: { desc: 'Мастер отвечал слишком долго.', remedy: 'Проверьте нагрузку мастера и линию до него.' },
  MASTER_ERROR: {
    desc: 'Мастер или прокси перед ним сейчас не может ответить.',
    remedy: 'Посмотрите журнал мастера и его готовность (/readyz).',
  },
  ANSWER_TRUNCATED: {
    desc: 'Ответ мастера оборвался; полученное отброшено.',
    remedy: 'Если линия плохая — ничего. Иначе проверьте линию и журнал мастера.',
  },
  ANSWER_FORGED: {
    desc: 'Ответ подписан не так, как подписал бы мастер: по пути его изменили, или ответил не мастер.',
    remedy: 'Если повторяется: найдите прокси, кэш или фильтр, который меняет ответы, и обойдите его.',
  },
  TOKEN_REFUSED: {
    desc: 'Мастер не принимает подпись этого узла.',
    remedy: 'Задайте на обоих узлах один SYNC_TOKEN и перезапустите; иначе прокси меняет имя узла, путь или запрос.',
  },
  MISDIRECTED: {
    desc: 'По адресу отвечает мастер, но говорит, что запрос не ему.',
    remedy:
      'Выясните, кто отвечает по этому адресу. Исправьте адрес на имя, которое мастер считает своим, или добавьте это имя в его FEED_NAMES.',
  },
  CLOCK_DIFFERS: {
    desc: 'Часы узлов расходятся больше чем на пять минут.',
    remedy: 'Поставьте часы; пусть оба узла следуют серверу времени (NTP).',
  },
  PROTOCOL_NOT_SPOKEN: {
    desc: 'По этому адресу отвечает не мастер: веб-страница, другая программа или ответ без подписи.',
    remedy: 'Проверьте схему, имя, порт и путь адреса; между узлами не должно быть страницы входа.',
  },
  REDIRECTED: { desc: 'Ответ отсылает на другой адрес; за ним узел не идёт.', remedy: 'Укажите собственный адрес мастера.' },
  CODING_REFUSED: {
    desc: 'Ответ упакован так, как не просили.',
    remedy: 'Найдите прокси, который сжимает ответы, и пусть он пропускает /feed/ как есть.',
  },
  ANSWER_TOO_LARGE: { desc: 'Ответ мастера больше, чем этот узел принимает.', remedy: 'Обновите тот узел, который старее.' },
  FEED_VERSION: { desc: 'У узлов нет общей версии протокола.', remedy: 'Обновите тот узел, который старее.' },
  ANSWER_UNEXPECTED: { desc: 'Мастер ответил не на тот вопрос.', remedy: reportIt },
  ANSWER_MALFORMED: { desc: 'Ответ мастера не в условленном виде.', remedy: reportIt },
  ANSWER_OF_ANOTHER_LIST: {
    desc: 'Ответ говорит о другом списке или о другой истории этого.',
    remedy: 'Выясните, не восстанавливали ли мастер и не создавали ли список заново. Иначе это дефект мастера.',
  },
  ANSWER_NOT_ASKED_FOR: { desc: 'В ответе то, о чём не спрашивали.', remedy: reportIt },
  PAGE_INCOMPLETE: { desc: 'Страница ответа неполна.', remedy: reportIt },
  PAGE_OUT_OF_ORDER: {
    desc: 'Ревизии в ответе идут не по порядку.',
    remedy: 'Найдите программу, которая меняет ревизии в базе мастера; иначе это его дефект.',
  },
  FEED_ENDLESS: { desc: 'Страницы ответа никуда не ведут.', remedy: reportIt },
  HISTORY_LOST: {
    desc: 'Пока список читался, его история снова и снова начиналась заново.',
    remedy: 'Подождите, пока на мастере закончат восстановление.',
  },
  TREE_DIFFERS: { desc: 'Дерево контрольных сумм мастера не сходится само с собой.', remedy: verifyThere },
  DOSSIER_REPEATED: { desc: 'Одно досье дважды в одном ответе.', remedy: reportIt },
  DOSSIER_MALFORMED: {
    desc: 'Досье мастера нельзя сохранить: длина, знаки, даты, поля или фото.',
    remedy: 'Исправьте на мастере то досье, которое названо ниже.',
  },
  NO_TOKEN: {
    desc: 'На этом узле не задан SYNC_TOKEN.',
    remedy: 'Задайте тот же, что у мастера, перезапустите узел и синхронизируйте снова.',
  },
  MASTER_NOT_ALLOWED: {
    desc: 'SYNC_ALLOWED_MASTERS этого узла не называет этого мастера.',
    remedy: 'Добавьте его адрес и перезапустите узел, или отмените репликацию.',
  },
  EXTERNAL_ADDRESS_DIFFERS: {
    desc: 'EXTERNAL_ADDRESS на узлах разный.',
    remedy: 'Задайте на обоих один и тот же, перезапустите изменённый и свяжите снова.',
  },
  THIS_NODE_ITSELF: {
    desc: 'Адрес ведёт к этому же узлу или к списку, который берётся отсюда.',
    remedy:
      'Укажите адрес самого мастера. Если узлы копируют список по кругу, отмените репликацию на том, который должен быть его мастером.',
  },
  ...siteFaults,
  NODE_REPLACED: {
    desc: 'По адресу мастера отвечает другой узел.',
    remedy:
      'Проверьте адрес. Если мастера заменили намеренно, забудьте его ключ («dossier masters forget»), отмените репликацию и свяжите заново.',
  },
  NO_SUCH_LIST: {
    desc: 'На мастере нет списка с таким номером, или больше нет.',
    remedy: 'Посмотрите номер списка на мастере и свяжите его. Репликацию списка, которого больше нет, можно отменить.',
  },
  LIST_REPLACED: {
    desc: 'Под этим номером на мастере теперь другой список.',
    remedy: 'Если нужен именно он, отмените репликацию и свяжите заново.',
  },
  LIST_NOT_EMPTY: {
    desc: 'SYNC_ON_EXISTING запрещает замену, а в списке здесь были досье.',
    remedy: 'Свяжите пустой список, опустошите этот, или задайте SYNC_ON_EXISTING: replace.',
  },
  HASH_DIFFERS: { desc: 'Контрольная сумма досье не та, что у его содержания.', remedy: verifyThere },
  COUNT_DIFFERS: { desc: 'В копии было бы не столько досье, сколько на мастере; всё возвращено как было.', remedy: verifyThere },
  DIGEST_DIFFERS: { desc: 'Копия не совпала бы с мастером; всё возвращено как было.', remedy: verifyThere },
  REPLICA_DIFFERS: {
    desc: 'Проверка нашла отличия от мастера: в досье или в том, что объявляет список.',
    remedy:
      'Синхронизируйте список: различия будут получены заново. Если повторится, ищите на этом узле того, кто пишет в базу, и ошибки диска.',
  },
  HELD: {
    desc: 'Защита остановила синхронизацию; ничего не применено.',
    remedy: 'Посмотрите, что изменилось бы, и одобрите или отклоните.',
  },
  APPROVAL_SUPERSEDED: {
    desc: 'Одобрено было не то, что произошло бы сейчас; ничего не применено.',
    remedy: 'Посмотрите, что остановлено теперь, и решите снова.',
  },
  CANNOT_UNDO: {
    desc: 'Список уже не тот, каким его оставила последняя синхронизация; ничего не изменено.',
    remedy: 'Исправьте список на мастере.',
  },
  SUPERSEDED: { desc: 'Эту синхронизацию взял другой исполнитель, или репликация отменена.', remedy: 'Ничего делать не нужно.' },
  DISK_FULL: { desc: 'На этом узле не осталось места для строк или фото.', remedy: 'Освободите место.' },
  DATABASE_UNAVAILABLE: {
    desc: 'База данных этого узла была недоступна или у неё не хватило соединений, памяти или времени.',
    remedy: 'Проверьте сервер из DATABASE_URL: работает ли он и хватает ли max_connections.',
  },
  INTERNAL: {
    desc: 'Произошло то, чего никто не предвидел.',
    remedy: 'Посмотрите журнал узла под номером синхронизации и сообщите об этом.',
  },
};

/** What the node answers to requests, by its codes. */
export const problems: Readonly<Record<string, string>> = {
  BAD_PARAM: 'В запросе чего-то не хватает или что-то недопустимо.',
  UNAUTHORIZED: 'Нужно войти.',
  SECOND_FACTOR_REQUIRED: 'Пароль верен; нужен ещё второй фактор.',
  SECOND_FACTOR_WRONG: 'Код неверен, уже использован или устарел.',
  SECOND_FACTOR_MISSING: 'Этот узел требует второго фактора: сначала подключите его.',
  PERMISSION_DENIED: 'Этого вашей роли не разрешено.',
  READ_ONLY: 'Узел хранит копии с мастера: изменять нужно на мастере.',
  NOT_FOUND: 'Этого здесь нет, или больше нет.',
  CONFLICT: 'Сейчас этого сделать нельзя.',
  MASTER_AVAILABLE: 'Мастер на связи: удаляйте на нём.',
  PRECONDITION_FAILED: 'Это тем временем изменили. Прочтите заново и решите, нужно ли изменение.',
  PRECONDITION_REQUIRED: 'Этот список изменяют, только назвав, что прочли (If-Match). Прочтите заново и повторите. Ничего не изменено.',
  TOO_LARGE: 'Слишком большой файл или запрос.',
  UNSUPPORTED_MEDIA_TYPE: 'Такой вид файла здесь не принимается.',
  TOO_MANY_REQUESTS: 'Слишком много попыток; подождите.',
  INTERNAL: 'На узле произошла ошибка; подробности в его журнале.',
  LIST_WITHDRAWN: 'Мастер отозвал этот список у узла; его досье больше не показываются.',
  UNAVAILABLE: 'База данных, очередь или мастер сейчас недоступны; попробуйте позже.',
};

/** Sentences that people meet while they fill in forms, whole or as a part. */
export const sentences: readonly (readonly [RegExp, string])[] = [
  [/The name or the password is wrong\./, 'Неверное имя или пароль.'],
  [/The password is wrong\..*/, 'Пароль неверен. Ничего не изменено.'],
  [/The code is wrong, was used already, or is too old\./, 'Код неверен, уже использован или устарел. Дождитесь следующего.'],
  [/code: is not one of the app now\..*/, 'Такого кода у приложения сейчас нет. Проверьте часы телефона и введите следующий код.'],
  [/This passkey is not known here.*/, 'Этот ключ доступа здесь неизвестен, или ответ пришёл слишком поздно. Войдите с паролем.'],
  [/credential: is not the answer.*/, 'Это не ответ на то, о чём узел только что спросил. Нажмите кнопку ещё раз.'],
  [/You signed in more than (\d+) minutes ago\..*/, 'Вы вошли больше $1 минут назад. Выйдите, войдите снова и сразу повторите.'],
  [/Too many (?:failed sign-ins|wrong passwords); try again in (\d+) seconds\./, 'Слишком много неудачных попыток; попробуйте через $1 с.'],
  [/.*must have at least 12 characters.*/, 'Не меньше 12 знаков; легко запомнить фразу из нескольких слов.'],
  [
    /.*is too easily guessed.*/,
    'Слишком легко угадать: обычные слова, имена, даты, ряды клавиш или повторы. Возьмите несколько слов, не связанных друг с другом.',
  ],
  [/.*new_password: is the one that you have.*/, 'Это нынешний пароль.'],
  [/.*must hold something that can be seen.*/, 'Нужно хотя бы что-то видимое, а не одни пробелы.'],
  [/.*must have at most (\d+) characters.*/, 'Не больше $1 знаков.'],
  [/.*must have at least 1 character.*/, 'Не может быть пустым.'],
  [/^meta\.(.+): must be a number, as the watch list \d+ \((.+?)\) declares it\..*/, '«$1»: нужно число, как объявлено в списке «$2».'],
  [/^meta\.(.+): must be a text, as the watch list \d+ \((.+?)\) declares it\..*/, '«$1»: нужен текст, как объявлено в списке «$2».'],
  [
    /^meta\.(.+): must be a date that exists.*, as the watch list \d+ \((.+?)\) declares it\..*/,
    '«$1»: нужна дата, как объявлено в списке «$2».',
  ],
  [
    /^meta\.(.+): must be true or false, as the watch list \d+ \((.+?)\) declares it\..*/,
    '«$1»: нужно «да» или «нет», как объявлено в списке «$2».',
  ],
  [
    /^meta\.(.+): must be one of (.+), as the watch list \d+ \((.+?)\) declares it\..*/,
    '«$1»: нужно одно из: $2, как объявлено в списке «$3».',
  ],
  [/^meta\.(.+): is required, as the watch list \d+ \((.+?)\) declares it\..*/, '«$1»: нужно заполнить, как объявлено в списке «$2».'],
  [/^(?:meta\..+: )?must be a number$/, 'нужно число'],
  [/^(?:meta\..+: )?must be a text$/, 'нужен текст'],
  [/^(?:meta\..+: )?must be a date that exists.*$/, 'нужна дата, которая есть в календаре'],
  [/^(?:meta\..+: )?must be true or false$/, 'нужно «да» или «нет»'],
  [/^(?:meta\..+: )?must be one of (.+)$/, 'нужно одно из: $1'],
  [/^is required$/, 'нужно заполнить'],
  [/.*(".*") is declared twice\./, 'Поле $1 объявлено дважды.'],
  [/.*: is required\./, 'Нужно заполнить.'],
  [/.*(\d{4}-\d\d-\d\d) is before valid_from \((\d{4}-\d\d-\d\d)\).*/, '$1 раньше начала срока ($2).'],
  [/.*must be an http:\/\/ or https:\/\/ URL without.*/, 'Нужен адрес http:// или https:// без имени, пароля, запроса и якоря.'],
  [
    /Import (\d+) can't be taken back.*/,
    'Этот импорт уже нельзя отменить: его отменили, или он слишком давний, или ничего не изменил. Ничего не изменено.',
  ],
  [/The watch list (\d+) of import \d+ is gone\..*/, 'Списка $1, в который был импорт, больше нет. Ничего не изменено.'],
  [
    /Dossier \d+ \((.*)\) stays in the bin: its watch list \d+ \((.*)\) is gone\..*/,
    '$1: списка «$2» больше нет. Верните досье в другой список. Ничего не потеряно.',
  ],
  [/Dossier \d+ \((.*)\) stays in the bin: the watch list has it already\..*/, '$1: в списке оно уже есть. Ничего не потеряно.'],
  [
    /Dossier \d+ \((.*)\) stays in the bin: .* has its external id (.*) now\..*/,
    '$1: внешний номер $2 теперь у другого досье списка. Ничего не потеряно.',
  ],
  [
    /Not all of these dossiers are here any more: ([\d, ]+)( and others)?\..*/,
    'Не все эти досье ещё здесь: больше нет $1. Ничего не выгружено; выберите заново.',
  ],
  [
    /.*must name at most (\d+) dossiers; what a filter finds.*/,
    'Не больше $1 досье за раз; больше выгружается, если выбрать всех, кто найден. Ничего не выгружено.',
  ],
  ...photoSentences,
  [/This is the last active administrator\..*/, 'Это последний действующий администратор. Ничего не изменено; сначала создайте другого.'],
];

/** Why a sync waits for a person; `{count}` and `{limit}` are dossiers. */
export const holdReasons: Readonly<Record<HoldReason, string>> = {
  emptied: 'Список опустел бы: исчезли бы все досье ({count}).',
  deletions: 'Удалилось бы досье: {count}; без вопроса можно до {limit}.',
  changes: 'Изменилось бы досье: {count}; без вопроса можно до {limit}.',
  deactivations: 'Отключилось бы досье: {count}; без вопроса можно до {limit}.',
  growth: 'В списке стало бы досье: {count}; без вопроса можно до {limit}.',
  weekly: 'За неделю удалилось бы или отключилось досье: {count}; без вопроса можно до {limit}.',
  fork: 'История мастера не та, которой следовали: его восстановили из копии, заменили, или это другой список. Затронуто досье: {count}.',
  undone: 'Человек отменил то, что сделала эта синхронизация.',
};

const integer = (from: number, to: number): string => `целое число от ${from} до ${to}`;
const secret = 'непустой текст; если он из одних цифр, то в кавычках';
const commas = '(в окружении через запятую)';
const signs = 'знаки в имени и пароле, кроме букв и цифр, пишутся как %XX';

/** What is allowed for each setting. */
export const allowed: Readonly<Record<string, string>> = {
  NODE_NAME: 'от 1 до 100 видимых знаков',
  NODE_KEY: 'закрытый ключ Ed25519 в PEM (PKCS #8), переводы строк как есть или как \\n',
  NODE_KEY_FILE: 'путь к файлу на этом компьютере',
  SITE_KEYS: 'off, prefer или require',
  SITE_APPROVAL: 'none или required',
  SYNC_TOKEN: secret,
  SYNC_TOKEN_PREVIOUS: secret,
  FEED_NAMES: `список имён, например master.example или 10.0.0.5:8000 ${commas}`,
  EXTERNAL_ADDRESS: 'адрес http:// или https:// без имени, запроса и якоря',
  SYNC_TIME: '{hour: 0…23, minute: 0…59} или "ЧЧ:ММ"',
  TIME_ZONE: 'часовой пояс IANA, например UTC или Europe/Moscow',
  SYNC_SPREAD_SECONDS: integer(0, 86_399),
  INSTALLED_APPS: `список из: ffsecurity_sync ${commas}`,
  DATABASE_URL: `адрес postgres:// или postgresql://; ${signs}`,
  REDIS_URL: `адрес redis:// или rediss://; ${signs}`,
  DATA_DIR: 'путь к папке на этом узле',
  MEDIA_ROOT: 'путь к папке или s3://корзина/префикс',
  HOST: 'IP-адрес (0.0.0.0 или :: для всех) или имя узла, без порта',
  PORT: integer(1, 65_535),
  ADMIN_USERNAME: 'от 1 до 150 знаков без пробелов и двоеточия',
  ADMIN_PASSWORD: secret,
  ADMIN_TOKEN: 'буквы ASCII, цифры и знаки без пробелов; если из одних цифр, то в кавычках',
  TOKEN_MAXIMUM_DAYS: integer(1, 3650),
  SECOND_FACTOR: 'optional или required',
  OIDC_ISSUER: 'адрес http:// или https:// без имени, запроса и якоря',
  OIDC_CLIENT_ID: secret,
  OIDC_CLIENT_SECRET: secret,
  OIDC_ROLE_CLAIM: 'имя утверждения, например roles, или путь к нему, например realm_access.roles',
  OIDC_ROLES: '{admin: [значения], operator: [значения], viewer: [значения]}',
  SYNC_ALLOWED_MASTERS: `список адресов, например https://master.example:8000 ${commas}`,
  SYNC_CONCURRENCY: integer(1, 100),
  SYNC_ON_EXISTING: 'replace или refuse',
  OFFLINE_DELETIONS: 'restore или keep-deleted',
  GUARD_PERSONS: '1 или 2',
  READ_LOG_DAYS: integer(1, 3650),
  BIN_DAYS: integer(0, 3650),
  LOG_LEVEL: 'fatal, error, warn, info, debug, trace, silent',
};

export { refusal } from './import-words.ts';
