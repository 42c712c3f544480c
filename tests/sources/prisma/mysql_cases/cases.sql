-- a table is missing
DROP TABLE `_peers`;
--> "_peers": the schema has a model for this table, and no migration makes it

-- a table is too many
CREATE TABLE more (id INT PRIMARY KEY);
--> "more": the migrations make this table, and the schema has no model for it

-- Prisma's own table is not one too many
CREATE TABLE _prisma_migrations (id INT PRIMARY KEY);

-- a column is missing
ALTER TABLE users DROP COLUMN nickname;
--> "users"."nickname": the schema has this column, and no migration makes it

-- a column is too many
ALTER TABLE posts ADD COLUMN more INT;
--> "posts"."more": the migrations make this column, and the schema has no field for it

-- a type is another
ALTER TABLE users MODIFY `count` INT NOT NULL;
--> "users"."count": the type is int unsigned in the schema and int after the migrations

-- a text is longer
ALTER TABLE users MODIFY uid VARCHAR(200) NOT NULL;
--> "users"."uid": the type is varchar(191) in the schema and varchar(200) after the migrations

-- a moment is told otherwise
ALTER TABLE users MODIFY created DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6);
--> "users"."created": the type is datetime(3) in the schema and datetime(6) after the migrations

-- a label is missing
ALTER TABLE users MODIFY role ENUM('USER') NOT NULL DEFAULT 'USER';
--> "users"."role": the type is enum('USER','admin') in the schema and enum('USER') after the migrations

-- the labels are in another order
ALTER TABLE users MODIFY role ENUM('admin', 'USER') NOT NULL DEFAULT 'USER';
--> "users"."role": the type is enum('USER','admin') in the schema and enum('admin','USER') after the migrations

-- JSON is a plain text
ALTER TABLE users MODIFY settings LONGTEXT NOT NULL;
--> "users"."settings": the type is json in the schema and longtext after the migrations

-- a value may be missing
ALTER TABLE users MODIFY uid VARCHAR(191) NULL;
--> "users"."uid": NOT NULL in the schema and NULL after the migrations

-- a value may not be missing
ALTER TABLE users MODIFY nickname VARCHAR(191) NOT NULL DEFAULT 'none';
--> "users"."nickname": NULL in the schema and NOT NULL after the migrations

-- a number's default is another
ALTER TABLE users ALTER COLUMN big SET DEFAULT 8;
--> "users"."big": the default is 7 in the schema and 8 after the migrations

-- a decimal's default is another
ALTER TABLE users ALTER COLUMN price SET DEFAULT 3.1001;
--> "users"."price": the default is 3.1 in the schema and 3.1001 after the migrations

-- a decimal's default is the same, spelled longer
ALTER TABLE users ALTER COLUMN price SET DEFAULT 3.1000;

-- a truth is the other
ALTER TABLE users ALTER COLUMN active SET DEFAULT false;
--> "users"."active": the default is true in the schema and 0 after the migrations

-- a text's default is another
ALTER TABLE users ALTER COLUMN nickname SET DEFAULT 'nobody';
--> "users"."nickname": the default is none in the schema and 'nobody' after the migrations

-- a label's default is another
ALTER TABLE users ALTER COLUMN role SET DEFAULT 'admin';
--> "users"."role": the default is USER in the schema and 'admin' after the migrations

-- a default is missing
ALTER TABLE users ALTER COLUMN created DROP DEFAULT;
--> "users"."created": the default is the current time in the schema and none after the migrations

-- a default is too many: ids are made by Prisma's client
ALTER TABLE users ALTER COLUMN uid SET DEFAULT 'x';
--> "users"."uid": the default is none in the schema and 'x' after the migrations

-- a counter is missing
ALTER TABLE users MODIFY id INT NOT NULL;
--> "users"."id": a counter in the schema and none after the migrations

-- the primary key is another
ALTER TABLE posts DROP PRIMARY KEY, ADD PRIMARY KEY (a, b);
--> "posts": the schema has the primary key on a, b(5), and no migration makes it
--> "posts": the migrations make the primary key PRIMARY on a, b, and the schema does not have it

-- a unique index is missing
ALTER TABLE users DROP INDEX users_big_key;
--> "users": the schema has the unique index users_big_key on big, and no migration makes it

-- an index is unique, and should not be
ALTER TABLE _peers ADD UNIQUE INDEX new_b (B), DROP INDEX _peers_B_index;
--> "_peers": the schema has the index _peers_B_index on B, and no migration makes it
--> "_peers": the migrations make the unique index new_b on B, and the schema does not have it

-- an index is too many
CREATE INDEX more ON users (uid);
--> "users": the migrations make the index more on uid, and the schema does not have it

-- an index has another name
ALTER TABLE users RENAME INDEX em_key TO users_email_key;
--> "users": the unique index em_key on email is called users_email_key after the migrations

-- an index holds more of a text
ALTER TABLE users DROP INDEX ix, ADD INDEX ix (email(12), factor DESC);
--> "users": the schema has the index ix on email(10), factor desc, and no migration makes it
--> "users": the migrations make the index ix on email(12), factor desc, and the schema does not have it

-- an index runs the other way
ALTER TABLE users DROP INDEX ix, ADD INDEX ix (email(10), factor);
--> "users": the schema has the index ix on email(10), factor desc, and no migration makes it
--> "users": the migrations make the index ix on email(10), factor, and the schema does not have it

-- a full-text index is missing
ALTER TABLE users DROP INDEX users_text_idx;
--> "users": the schema has the full-text index users_text_idx on text, and no migration makes it

-- a foreign key is missing; the index that the server made for it stays
ALTER TABLE posts DROP FOREIGN KEY posts_user;
--> "posts": the migrations make the index posts_user on user_id, and the schema does not have it
--> "posts": the schema has the foreign key on user_id to users, and no migration makes it

-- a foreign key is too many
ALTER TABLE Hidden ADD CONSTRAINT of_post FOREIGN KEY (pa) REFERENCES users (id);
ALTER TABLE posts ADD CONSTRAINT more FOREIGN KEY (a) REFERENCES users (id);
--> "posts": the migrations make the foreign key more on a to users, and the schema has no relation for it

-- a foreign key does something else on delete
ALTER TABLE posts DROP FOREIGN KEY posts_user;
ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL ON UPDATE NO ACTION;
--> "posts": on delete the foreign key on user_id to users does cascade in the schema and set null after the migrations

-- a foreign key has another name, which is not compared
ALTER TABLE posts DROP FOREIGN KEY posts_user;
ALTER TABLE posts ADD CONSTRAINT other FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;

-- what is never compared
CREATE TRIGGER noted BEFORE INSERT ON posts FOR EACH ROW SET NEW.a = NEW.a;
ALTER TABLE posts COMMENT 'other';
ALTER TABLE users ADD CONSTRAINT positive CHECK (price > 0);
