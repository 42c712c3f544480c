CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
create table [things] ( -- a comment
 "id" integer not null, `p` int, "b" text default (current_timestamp), [a] int default (1),
 /* another */ primary key ("id" ASC), check ((length ( "b" )>1 and [b] in ( 'x' , 'y' ))),
 constraint "fk" foreign key ("P") references PARENTS)
;
