CREATE TABLE `users` (
    `id` INTEGER NOT NULL AUTO_INCREMENT,
    `big` BIGINT NOT NULL DEFAULT 7,
    `email` VARCHAR(191) NOT NULL,
    `role` ENUM('USER', 'admin') NOT NULL DEFAULT 'USER',
    `active` BOOLEAN NOT NULL DEFAULT true,
    `factor` DOUBLE NOT NULL DEFAULT 1.5,
    `price` DECIMAL(19, 4) NOT NULL DEFAULT 3.1,
    `settings` JSON NOT NULL,
    `picture` BLOB NOT NULL,
    `text` TEXT NOT NULL,
    `created` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    `changed` TIMESTAMP(0) NOT NULL,
    `uid` VARCHAR(191) NOT NULL,
    `guess` VARCHAR(191) NOT NULL DEFAULT (uuid()),
    `small` TINYINT NOT NULL,
    `count` INTEGER UNSIGNED NOT NULL,
    `nickname` VARCHAR(191) NULL DEFAULT 'none',
    `place` GEOMETRY NULL,

    UNIQUE INDEX `users_big_key`(`big`),
    UNIQUE INDEX `em_key`(`email`),
    INDEX `ix`(`email`(10), `factor` DESC),
    FULLTEXT INDEX `users_text_idx`(`text`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE `posts` (
    `a` INTEGER NOT NULL,
    `b` VARCHAR(10) NOT NULL,
    `user_id` INTEGER NULL,
    `shown` TINYINT(1) NOT NULL,
    `bit` BIT(1) NOT NULL,
    `seen` TIMESTAMP NOT NULL,
    `number` DECIMAL NOT NULL,
    `day` DATE NOT NULL DEFAULT (current_timestamp),
    `since` DATETIME(3) NOT NULL DEFAULT '2020-01-01',

    UNIQUE INDEX `uq`(`b`, `user_id`),
    PRIMARY KEY (`a`, `b`(5))
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE `Hidden` (
    `pa` INTEGER NOT NULL,
    `pb` VARCHAR(10) NOT NULL,

    PRIMARY KEY (`pa`, `pb`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE `_peers` (
    `A` INTEGER NOT NULL,
    `B` INTEGER NOT NULL,

    UNIQUE INDEX `_peers_AB_unique`(`A`, `B`),
    INDEX `_peers_B_index`(`B`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

ALTER TABLE `posts` ADD CONSTRAINT `posts_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON DELETE CASCADE ON UPDATE NO ACTION;
ALTER TABLE `_peers` ADD CONSTRAINT `_peers_A_fkey` FOREIGN KEY (`A`) REFERENCES `users`(`id`) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE `_peers` ADD CONSTRAINT `_peers_B_fkey` FOREIGN KEY (`B`) REFERENCES `users`(`id`) ON DELETE CASCADE ON UPDATE CASCADE;
CREATE VIEW `Seen` AS SELECT `id` FROM `users`;
