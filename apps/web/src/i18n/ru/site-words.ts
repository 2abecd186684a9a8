const invite = 'Попросите новое приглашение: на мастере его печатает «dossier site add».';
const ownKey =
  'Скопируйте ключ с того компьютера этого узла, где он есть, или из резервной копии, либо задайте NODE_KEY или NODE_KEY_FILE и перезапустите. Если он потерян: «dossier node rekey --new».';

/** What is wrong between a site and its master, by code. */
export const siteFaults = {
  SITE_PENDING: {
    desc: 'Мастер ждёт, пока этот узел там примут.',
    remedy: 'Сверьте четыре слова и примите узел на мастере. Попытка повторяется каждые десять минут.',
  },
  SITE_REVOKED: { desc: 'Мастер отозвал ключ этого узла.', remedy: `Узнайте там причину. Затем «dossier node rekey --new». ${invite}` },
  SITE_CLONED: {
    desc: 'Под ключом этого узла говорит и другой узел.',
    remedy: `Создайте здесь свой ключ: «dossier node rekey --new». ${invite}`,
  },
  SITE_KEY_REQUIRED: {
    desc: 'Мастер говорит только с узлами, у которых есть свой ключ.',
    remedy: 'Обновите этот узел или присоедините его: «dossier join».',
  },
  SITE_UNKNOWN: { desc: 'Мастер не знает ключа этого узла.', remedy: `${invite} Или задайте одинаковый SYNC_TOKEN на обоих.` },
  SITE_DIFFERS: {
    desc: 'Площадка подписала не то, что этот мастер ей сообщал.',
    remedy: 'Проверьте список на площадке («dossier verify») и синхронизируйте его.',
  },
  LIST_WITHDRAWN: {
    desc: 'Мастер отозвал этот список; копия больше не показывается.',
    remedy: 'Пусть на мастере снова разрешат список этой площадке, или отмените репликацию.',
  },
  INVITATION_USED: { desc: 'Этим кодом уже воспользовался другой узел.', remedy: invite },
  INVITATION_EXPIRED: { desc: 'Коду больше 30 минут.', remedy: invite },
  INVITATION_UNKNOWN: { desc: 'Мастер не знает такого кода.', remedy: `Проверьте код и адрес. ${invite}` },
  MASTER_KEY_DIFFERS: {
    desc: 'По адресу мастера подписывает другой ключ; ответ отброшен.',
    remedy: 'Если у мастера новый ключ, сверьте его слова и примите: «dossier masters accept». Иначе выясните, кто там отвечает.',
  },
  MASTER_KEYLESS: {
    desc: 'По адресу мастера подписывают одним SYNC_TOKEN, а этот узел знает ключ мастера; ответ отброшен.',
    remedy:
      'На мастере задайте SITE_KEYS: prefer или верните ему ключ и перезапустите. Если так и должно быть: «dossier masters forget» здесь.',
  },
  NODE_KEY_UNREADABLE: { desc: 'Файл ключа узла не читается.', remedy: 'Дайте пользователю узла право на него.' },
  NODE_KEY_EXPOSED: {
    desc: 'Файл ключа узла могут читать другие.',
    remedy: 'Задайте права 600. Если его могли прочесть: «dossier node rekey».',
  },
  NODE_KEY_MALFORMED: { desc: 'Файл ключа узла пуст или не содержит ключа.', remedy: ownKey },
  NODE_KEY_MISSING: { desc: 'На этом компьютере нет ключа его узла.', remedy: ownKey },
  NODE_KEY_DIFFERS: { desc: 'В файле не тот ключ, под которым известен этот узел.', remedy: ownKey },
};
